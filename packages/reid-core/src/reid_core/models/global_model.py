"""The strong baseline: one backbone, one pooling, one BNNeck."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from reid_core.backbones import Backbone
from reid_core.models.neck import Head
from reid_core.models.pooling import Pooling
from reid_core.models.preprocessing import Preprocessing
from reid_core.models.reid_model import ReidModel, ReidOutput

__all__ = ["GlobalModel"]


class GlobalModel(ReidModel):
    """Describes the whole image by one vector.

    Args:
        backbone: images to a map (B, C, H', W').
        pooling: the map to vectors.
        head: these to features and embeddings (B, D).
        image_size: (height, width) in pixels.
        architecture: arguments with which ``create_model`` builds it again.

    Source:
        Luo et al., "Bag of Tricks and a Strong Baseline for Deep Person Re-identification",
        CVPR Workshops 2019.
    """

    def __init__(
        self,
        backbone: Backbone,
        pooling: Pooling,
        head: Head,
        *,
        image_size: tuple[int, int],
        architecture: Mapping[str, Any],
    ) -> None:
        preprocessing = Preprocessing(image_size, mean=backbone.mean, std=backbone.std)
        super().__init__(head.output_size, preprocessing, architecture=architecture)
        self.backbone = backbone
        self.pooling = pooling
        self.reduction = head.reduction
        self.neck = head.neck

    def forward(self, images: Tensor) -> ReidOutput:
        """Describe normalised float images (B, 3, H, W)."""
        self.check(images)
        feature_map = self.backbone(images)
        feature = self.reduction(self.pooling(feature_map))
        return ReidOutput(feature, self.neck(feature), feature_map)
