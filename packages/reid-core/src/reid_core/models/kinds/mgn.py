"""``mgn``: one coarse branch and two that look at two and at three parts."""

from __future__ import annotations

import copy
from typing import Any

from torch import Tensor, nn

from reid_core.backbones import ResNet
from reid_core.models.branches import Branch, joined, stripes
from reid_core.models.kinds.registry import ModelSpec, kind_registry
from reid_core.models.reid_model import ReidModel, ReidOutput

__all__ = ["MGN", "build_mgn"]

_PARTS = (1, 2, 3)


class MGN(ReidModel):
    """Describes the person at three granularities by eight vectors.

    Three copies of the last stages follow a common trunk. The first keeps the published strides
    and describes the whole; the others keep the resolution and describe the whole and their two
    or three stripes. All copies start from the same weights.

    Args:
        trunk: a ResNet with last stride 1; taken apart.
        spec: what it was asked for.

    Source:
        Wang et al., "Learning Discriminative Features with Multiple Granularities for Person
        Re-Identification", ACM MM 2018; features go through a neck here, as everywhere.
    """

    def __init__(self, trunk: ResNet, *, spec: ModelSpec) -> None:
        pooling = spec.pool(trunk.num_features, usual="max")
        branches = [
            Branch(spec.head(pooling.output_size, usual=256), is_part=is_part)
            for parts in _PARTS
            for is_part in (False, *([True] * parts if parts > 1 else []))
        ]
        size = sum(branch.head.output_size for branch in branches)
        super().__init__(size, spec.preprocessing(trunk), architecture=spec.architecture)
        layer3, layer4 = trunk.get_submodule("layer3"), trunk.get_submodule("layer4")
        tail = nn.Sequential(*list(layer3.children())[1:], *layer4.children())
        self.trunk = nn.Sequential(
            trunk.conv1,
            trunk.bn1,
            trunk.relu,
            trunk.maxpool,
            trunk.get_submodule("layer1"),
            trunk.get_submodule("layer2"),
            next(layer3.children()),
        )
        self.tails = nn.ModuleList(copy.deepcopy(tail) for _ in _PARTS)
        _shrink(self.tails[0][len(tail) - len(list(layer4.children()))])  # type: ignore[index]
        self.pooling = pooling
        self.heads = nn.ModuleList(branches)

    def forward(self, images: Tensor) -> ReidOutput:
        """Describe normalised float images (B, 3, H, W)."""
        self.check(images)
        common = self.trunk(images)
        maps = [tail(common) for tail in self.tails]
        pieces = [
            piece
            for parts, found in zip(_PARTS, maps, strict=True)
            for piece in (found, *(stripes(found, parts) if parts > 1 else []))
        ]
        outputs = [h(self.pooling(piece)) for h, piece in zip(self.heads, pieces, strict=True)]
        return joined(outputs, feature_map=maps[-1])


def _shrink(block: Any) -> None:
    """Give the first block of the last stage its published stride of 2."""
    inner = block.conv2 if block.conv3 is not None else block.conv1
    inner.stride = (2, 2)
    block.downsample[0].stride = (2, 2)


@kind_registry.register("mgn")
def build_mgn(spec: ModelSpec) -> MGN:
    """A ResNet of ours; each of the eight vectors is reduced to 256 numbers."""
    if spec.last_stride != 1:
        raise ValueError(
            "kind mgn cuts a map of full resolution into parts; use last_stride=1 (its coarse "
            "branch has the stride of 2 by itself)"
        )
    if spec.options.get("non_local"):
        raise ValueError("kind mgn takes the stages apart, so it has no place for non_local blocks")
    return MGN(spec.resnet("mgn"), spec=spec)
