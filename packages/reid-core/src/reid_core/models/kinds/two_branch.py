"""``two-branch``: one trunk, a branch each for two tasks, and one for the pose beside them."""

from __future__ import annotations

import copy
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from reid_core.backbones import Backbone
from reid_core.backbones.cutting import cut, stage_ends
from reid_core.models.branches import Branch, joined
from reid_core.models.kinds.registry import ModelSpec, kind_registry
from reid_core.models.reid_model import ReidModel, ReidOutput

__all__ = ["TwoBranch", "build_two_branch"]

_Stages = Annotated[int, Field(ge=1)]


class TwoBranch(ReidModel):
    """Describes the person by two branches of one trunk, f1 and f2, one behind the other.

    A third branch, f3, describes the pose in training alone: it is no part of the embedding, and in
    evaluation it does not run. All branches begin as copies of the stages that they stand for.

    Args:
        parts: the common trunk, the stages that f1 and f2 share beyond it, and one tail.
        pose: the tail of f3, which begins behind the trunk; none: no such branch.
        spec: what it was asked for.

    Attributes:
        branch_sizes: D of f1, f2 and, where there is one, f3.

    Source:
        arXiv 2505.12580. Its normalisation has a bias to learn; the neck here has none, so that
        embeddings stay centred on the origin.
    """

    def __init__(
        self,
        parts: tuple[nn.Module, nn.Module, Backbone],
        pose: Backbone | None,
        *,
        spec: ModelSpec,
    ) -> None:
        trunk, between, tail = parts
        pooling = spec.pool(tail.num_features, usual="max,avg")
        heads = [Branch(spec.head(pooling.output_size)) for _ in range(2 if pose is None else 3)]
        sizes = [branch.head.output_size for branch in heads]
        super().__init__(sum(sizes[:2]), spec.preprocessing(tail), architecture=spec.architecture)
        self.branch_sizes = tuple(sizes)
        self.trunk = trunk
        self.between = between
        self.tails = nn.ModuleList([tail, copy.deepcopy(tail)])
        self.pose = pose
        self.pooling = pooling
        self.heads = nn.ModuleList(heads)

    def forward(self, images: Tensor) -> ReidOutput:
        """Describe normalised float images (B, 3, H, W); f3 is among the branches in training."""
        self.check(images)
        common = self.trunk(images)
        shared = self.between(common)
        maps = [tail(shared) for tail in self.tails]
        if self.pose is not None and self.training:
            maps.append(self.pose(common))
        outputs = [head(self.pooling(found)) for head, found in zip(self.heads, maps, strict=False)]
        both = joined(outputs[:2], feature_map=maps[1])
        return ReidOutput(both.feature, both.embedding, both.feature_map, tuple(outputs))


@kind_registry.register("two-branch")
def build_two_branch(
    spec: ModelSpec,
    *,
    stages: _Stages = 2,
    pose_branch: bool = False,
    pose_stages: _Stages = 3,
) -> TwoBranch:
    """A CNN of timm or of ours; ``stages`` is how many of the last each branch has for itself.

    With 2 a ResNet is shared up to its second layer, with as many as it has nothing is. The pose
    branch, if ``pose_branch`` asks for it, has ``pose_stages`` of its own. The usual pooling is the
    maximum and the average, one behind the other.
    """
    backbone = spec.map_backbone("two-branch")
    try:
        trunk, between, tail, pose = _parts(backbone, stages, pose_stages if pose_branch else None)
    except ValueError as error:
        raise ValueError(f"kind two-branch cannot take {spec.name} apart: {error}") from error
    return TwoBranch((trunk, between, tail), pose, spec=spec)


def _parts(
    backbone: Backbone, stages: int, pose_stages: int | None
) -> tuple[nn.Module, nn.Module, Backbone, Backbone | None]:
    """The trunk of all branches, what f1 and f2 share beyond it, a tail, and that of the pose."""
    ends = stage_ends(backbone)
    if max(stages, pose_stages or 0) > len(ends):
        raise ValueError(
            f"it has {len(ends)} stages; use options stages and pose_stages up to that"
        )
    if pose_stages is not None and pose_stages < stages:
        raise ValueError(
            f"the pose branch must leave the trunk before the others do or with them; use a "
            f"pose_stages of {stages} or more, not {pose_stages}"
        )
    sample = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    if pose_stages is None or pose_stages == stages:
        trunk, tail = _divide(backbone, ends, stages, sample)
        return trunk, nn.Sequential(), tail, None if pose_stages is None else copy.deepcopy(tail)
    trunk, pose = _divide(backbone, ends, pose_stages, sample)
    with torch.no_grad():
        maps = trunk.eval()(sample)
    between, tail = _divide(pose, ends, stages, maps)
    return trunk.train(), between, tail, pose


def _divide(
    backbone: Backbone, ends: tuple[str, ...], own: int, sample: Tensor
) -> tuple[nn.Module, Backbone]:
    """What comes before the last ``own`` stages, and these."""
    if own == len(ends):
        return nn.Sequential(), backbone
    return cut(backbone, ends[-1 - own], sample)
