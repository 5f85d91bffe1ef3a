"""``global``: the strong baseline over any backbone."""

from __future__ import annotations

from reid_core.models.global_model import GlobalModel
from reid_core.models.kinds.registry import ModelSpec, kind_registry

__all__ = ["build_global"]


@kind_registry.register("global")
def build_global(spec: ModelSpec) -> GlobalModel:
    """One backbone, one pooling, one neck."""
    backbone = spec.backbone()
    pooling = spec.pool(backbone.num_features)
    return GlobalModel(
        backbone,
        pooling,
        spec.head(pooling.output_size),
        image_size=spec.image_size,
        architecture=spec.architecture,
    )
