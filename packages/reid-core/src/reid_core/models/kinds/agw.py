"""``agw``: a ResNet with non-local blocks and GeM pooling."""

from __future__ import annotations

from reid_core.models.global_model import GlobalModel
from reid_core.models.kinds.registry import ModelSpec, kind_registry

__all__ = ["NON_LOCAL", "build_agw"]

NON_LOCAL = {"18": (0, 1, 1, 0), "34": (0, 1, 1, 0), "50": (0, 2, 3, 0)}
"""Non-local blocks of the four stages by depth; that of ResNet-50 is the published one."""
_DEEPER = (0, 2, 9, 0)


@kind_registry.register("agw")
def build_agw(spec: ModelSpec) -> GlobalModel:
    """AGW without its loss, the weighted triplet, which is a term.

    Source:
        Ye et al., "Deep Learning for Person Re-identification: A Survey and Outlook", 2021, sec. 4.
    """
    depth = spec.name.removeprefix("reid:resnet").partition("_")[0]
    added = {} if "non_local" in spec.options else {"non_local": NON_LOCAL.get(depth, _DEEPER)}
    backbone = spec.resnet("agw", **added)
    pooling = spec.pool(backbone.num_features, usual="gem")
    return GlobalModel(
        backbone,
        pooling,
        spec.head(pooling.output_size),
        image_size=spec.image_size,
        architecture=spec.architecture,
    )
