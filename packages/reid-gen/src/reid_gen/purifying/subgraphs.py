"""Pivot subgraphs as batches of dense tensors (Wang et al., CVPR 2019, section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from reid_gen.purifying.graph import NeighbourGraph

__all__ = ["Hops", "Subgraphs", "pivot_subgraphs"]


@dataclass(frozen=True)
class Hops:
    """How large a pivot subgraph is.

    Attributes:
        near: k1, neighbours of the pivot; these are judged.
        far: k2, neighbours of each of those.
        edges: u, how many of its nearest each node is connected with.
    """

    near: int = 40
    far: int = 5
    edges: int = 5

    def __post_init__(self) -> None:
        if min(self.near, self.far, self.edges) < 1:
            raise ValueError(f"hops must be 1 or more, came {self}")

    @property
    def needs(self) -> int:
        """Neighbours that the graph must hold."""
        return max(self.near, self.far, self.edges)


@dataclass(frozen=True, eq=False)
class Subgraphs:
    """The surroundings of B pivots, padded to M nodes; the first k1 are those that are judged.

    Attributes:
        pivots: (B,) int64, rows of the graph.
        nodes: (B, M) int64, rows of the graph; 0 in padding.
        mask: (B, M) bool, False in padding.
        features: (B, M, D) float32, each node's relative to its pivot's; 0 in padding.
        adjacency: (B, M, M) float32, symmetric 0 and 1, no loops.
        near: k1; of the first k1 nodes those with a true mask are the pivot's neighbours.
    """

    pivots: Tensor
    nodes: Tensor
    mask: Tensor
    features: Tensor
    adjacency: Tensor
    near: int

    def to(self, device: torch.device | str) -> Subgraphs:
        """The same on a device."""
        tensors = (self.pivots, self.nodes, self.mask, self.features, self.adjacency)
        pivots, nodes, mask, features, adjacency = (tensor.to(device) for tensor in tensors)
        return Subgraphs(pivots, nodes, mask, features, adjacency, self.near)


def pivot_subgraphs(graph: NeighbourGraph, pivots: Tensor, hops: Hops) -> Subgraphs:
    """Cut out the surroundings of some pivots.

    The nodes are a pivot's k1 neighbours, their k2 neighbours, and the pivot; each once. An edge
    joins two of them where one is among the other's u nearest.

    Args:
        graph: of at least ``hops.needs`` neighbours, or as many as there are.
        pivots: (B,) int64, rows of the graph.
        hops: the size.

    Raises:
        ValueError: the graph holds too few neighbours.
    """
    if graph.neighbours.shape[1] < hops.needs:
        raise ValueError(
            f"the graph holds {graph.neighbours.shape[1]} neighbours of each image, and near "
            f"{hops.near}, far {hops.far}, edges {hops.edges} need {hops.needs}; make it again "
            f"with reid-gen graph --neighbours {hops.needs}, or ask for fewer"
        )
    nodes = _nodes(graph.neighbours, pivots, hops)
    mask = nodes >= 0
    rows = nodes.clamp_min(0)
    features = graph.features[rows] - graph.features[pivots][:, None]
    adjacency = _adjacency(nodes, graph.neighbours[rows][..., : hops.edges])
    return Subgraphs(pivots, rows, mask, features * mask[..., None], adjacency, hops.near)


def _nodes(neighbours: Tensor, pivots: Tensor, hops: Hops) -> Tensor:
    """(B, M): neighbours first, in their order; then the pivot and the rest, each once; -1."""
    near = neighbours[pivots, : hops.near]
    second = neighbours[near.clamp_min(0), : hops.far].masked_fill((near < 0)[..., None], -1)
    everyone = torch.cat([near, pivots[:, None], second.flatten(1)], dim=1)
    # Of equal nodes the first stays: a stable sort keeps it in front of its repetitions.
    ordered, places = everyone.sort(dim=1, stable=True)
    repeated = torch.zeros_like(ordered, dtype=torch.bool)
    repeated[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    again = torch.zeros_like(repeated).scatter(1, places, repeated)
    others = everyone.masked_fill(again, -1)[:, hops.near :]
    others = others.gather(1, (others < 0).sort(dim=1, stable=True).indices)
    most = int((others >= 0).sum(dim=1).max())
    return torch.cat([near, others[:, :most]], dim=1)


def _adjacency(nodes: Tensor, nearest: Tensor) -> Tensor:
    """(B, M, M) of nodes (B, M) and each one's nearest (B, M, u), both with -1 for none."""
    batch, size, edges = nearest.shape
    ordered, places = nodes.sort(dim=1)
    wanted = nearest.reshape(batch, -1).contiguous()
    found = torch.searchsorted(ordered, wanted).clamp_max(size - 1)
    real = (ordered.gather(1, found) == wanted) & (wanted >= 0)
    real &= (nodes >= 0).repeat_interleave(edges, dim=1)
    ends = places.gather(1, found)
    starts = torch.arange(size, device=nodes.device).repeat_interleave(edges).expand_as(ends)
    # A column more takes what leads out of the subgraph.
    adjacency = torch.zeros(batch, size * size + 1, device=nodes.device)
    adjacency.scatter_(1, torch.where(real, starts * size + ends, size * size), 1.0)
    adjacency = adjacency[:, :-1].reshape(batch, size, size)
    joined = torch.maximum(adjacency, adjacency.mT)
    return joined * (1 - torch.eye(size, device=nodes.device))
