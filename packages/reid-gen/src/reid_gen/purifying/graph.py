"""The graph of embeddings: who is near whom, where only real images can be a neighbour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from reid_gen.purifying.knn import nearest_neighbours

__all__ = ["NeighbourGraph", "build_graph"]


@dataclass(frozen=True, eq=False)
class NeighbourGraph:
    """N embeddings and their K nearest anchors.

    Attributes:
        features: (N, D) float32, L2-normalised.
        pids: (N,) int64, the identity that each shows or claims; -1 for nobody.
        is_anchor: (N,) bool, which may be neighbours: the real images. Generated ones have
            neighbours and are none, so that they cannot vouch for each other.
        neighbours: (N, K) int64, rows, nearest first; -1 where there are fewer than K.
        similarities: (N, K) float32, cosines; minus infinity in empty places.
    """

    features: Tensor
    pids: Tensor
    is_anchor: Tensor
    neighbours: Tensor
    similarities: Tensor

    def __len__(self) -> int:
        return len(self.features)


def build_graph(
    features: Tensor,
    pids: Tensor,
    *,
    k: int,
    is_anchor: Tensor | None = None,
    groups: Tensor | None = None,
    advance: Callable[[int], None] | None = None,
) -> NeighbourGraph:
    """Connect each embedding with its ``k`` nearest anchors.

    Args:
        features: (N, D).
        pids: (N,) int64.
        k: neighbours.
        is_anchor: (N,) bool; all by default.
        groups: (N,) int64; neighbours are of the same group only, so that folds never meet.
        advance: called with the number of rows just finished.

    Raises:
        ValueError: shapes do not fit, or a group has no anchor.
    """
    count = len(features)
    is_anchor = torch.ones(count, dtype=torch.bool) if is_anchor is None else is_anchor
    groups = torch.zeros(count, dtype=torch.int64) if groups is None else groups
    for name, values in (("pids", pids), ("is_anchor", is_anchor), ("groups", groups)):
        if values.shape != (count,):
            raise ValueError(f"{name}: expected {count} values, came {tuple(values.shape)}")
    neighbours = torch.full((count, k), -1, dtype=torch.int64)
    similarities = torch.full((count, k), -torch.inf)
    for group in torch.unique(groups):
        rows = (groups == group).nonzero()[:, 0]
        anchors = rows[is_anchor[rows]]
        if not len(anchors):
            raise ValueError(f"no real image is in group {int(group)} of the graph")
        number = torch.full((count,), -1, dtype=torch.int64)
        number[anchors] = torch.arange(len(anchors))
        near, cosines = nearest_neighbours(
            features[rows], features[anchors], k=k, own=number[rows], advance=advance
        )
        neighbours[rows] = torch.where(near >= 0, anchors[near], -1)
        similarities[rows] = cosines
    unit = normalize(features.float(), dim=1)
    return NeighbourGraph(unit, pids, is_anchor, neighbours, similarities)
