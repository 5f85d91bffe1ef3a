"""Strong baselines: one backbone of reid-core and the mean of its map."""

from __future__ import annotations

from torch import Tensor, nn

from reid_attr.models.attribute_model import Body
from reid_attr.models.trunks import Normalize
from reid_core.backbones import Backbone

__all__ = ["SingleTrunk"]


class SingleTrunk(Body):
    """Images in [0, 1] to the mean over places of a backbone's map.

    Args:
        backbone: any of `reid_core.backbones`.
    """

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.normalize = Normalize(backbone.mean, backbone.std)
        self.backbone = backbone
        self.width = backbone.num_features

    def forward(self, images: Tensor) -> Tensor:
        """Map ``(B, 3, H, W)`` to ``(B, D)``."""
        features: Tensor = self.backbone(self.normalize(images))
        return features.mean(dim=(2, 3))

    def parts(self) -> dict[str, list[nn.Module]]:
        """One part."""
        return {"trunks": [self.backbone]}
