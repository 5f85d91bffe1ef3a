"""``video-average`` and ``video-attention``: an image network over the frames of a clip."""

from __future__ import annotations

from torch import Tensor, nn

from reid_core.backbones import Backbone
from reid_core.models.kinds.registry import ModelSpec, kind_registry
from reid_core.models.kinds.temporal import TemporalName, temporal_pooling
from reid_core.models.pooling import Pooling
from reid_core.models.reid_model import ReidModel, ReidOutput

__all__ = ["FramesModel", "build_video_attention", "build_video_average"]


class FramesModel(ReidModel):
    """Describes each frame of a clip and pools these descriptions.

    Args:
        backbone: frames to maps (B T, C, H', W').
        pooling: these to vectors.
        temporal: which frames of a clip count.
        spec: what it was asked for.

    Source:
        Gao and Nevatia, "Revisiting Temporal Modeling for Video-based Person ReID", 2018.
    """

    takes_clips = True

    def __init__(
        self, backbone: Backbone, pooling: Pooling, temporal: nn.Module, *, spec: ModelSpec
    ) -> None:
        head = spec.head(pooling.output_size)
        preprocessing = spec.preprocessing(backbone)
        super().__init__(head.output_size, preprocessing, architecture=spec.architecture)
        self.backbone = backbone
        self.pooling = pooling
        self.temporal = temporal
        self.reduction = head.reduction
        self.neck = head.neck

    def forward(self, images: Tensor) -> ReidOutput:
        """Describe normalised float clips (B, T, 3, H, W)."""
        self.check(images)
        frames = self.pooling(self.backbone(images.flatten(0, 1)))
        feature = self.reduction(self.temporal(frames.unflatten(0, images.shape[:2])))
        return ReidOutput(feature, self.neck(feature))


@kind_registry.register("video-average")
def build_video_average(spec: ModelSpec) -> FramesModel:
    """The mean over the frames; any backbone."""
    return _build(spec, "mean")


@kind_registry.register("video-attention")
def build_video_attention(spec: ModelSpec) -> FramesModel:
    """A learned attention over the frames; any backbone."""
    return _build(spec, "attention")


def _build(spec: ModelSpec, temporal: TemporalName) -> FramesModel:
    backbone = spec.backbone()
    pooling = spec.pool(backbone.num_features)
    over_time = temporal_pooling(temporal, pooling.output_size)
    return FramesModel(backbone, pooling, over_time, spec=spec)
