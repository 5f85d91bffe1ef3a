"""``pcb``: a person cut into horizontal stripes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from reid_core.backbones import Backbone
from reid_core.models.branches import Branch, joined, stripes
from reid_core.models.kinds.registry import ModelSpec, kind_registry
from reid_core.models.pooling import Pooling
from reid_core.models.reid_model import ReidModel, ReidOutput

__all__ = ["PCB", "build_pcb"]


class PCB(ReidModel):
    """Describes each of several stripes by a vector of its own; all of them make the embedding.

    Args:
        backbone: images to a map (B, C, H', W').
        pooling: a stripe of the map to a vector (B, C).
        branches: one for each stripe, from top to bottom.
        spec: what it was asked for.

    Source:
        Sun et al., "Beyond Part Models: Person Retrieval with Refined Part Pooling", ECCV 2018,
        without the refined pooling.
    """

    def __init__(
        self, backbone: Backbone, pooling: Pooling, branches: list[Branch], *, spec: ModelSpec
    ) -> None:
        size = sum(branch.head.output_size for branch in branches)
        super().__init__(size, spec.preprocessing(backbone), architecture=spec.architecture)
        self.backbone = backbone
        self.pooling = pooling
        self.parts = nn.ModuleList(branches)

    def forward(self, images: Tensor) -> ReidOutput:
        """Describe normalised float images (B, 3, H, W)."""
        self.check(images)
        feature_map = self.backbone(images)
        cut = stripes(feature_map, len(self.parts))
        outputs = [branch(self.pooling(s)) for branch, s in zip(self.parts, cut, strict=True)]
        return joined(outputs, feature_map=feature_map)


@kind_registry.register("pcb")
def build_pcb(spec: ModelSpec, *, parts: Annotated[int, Field(ge=2)] = 6) -> PCB:
    """A CNN and ``parts`` stripes, each reduced to 256 numbers."""
    backbone = spec.map_backbone("pcb")
    pooling = spec.pool(backbone.num_features)
    heads = [spec.head(pooling.output_size, usual=256) for _ in range(parts)]
    return PCB(backbone, pooling, [Branch(head, is_part=True) for head in heads], spec=spec)
