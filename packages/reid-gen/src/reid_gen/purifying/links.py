"""Links between a pivot and its neighbours: their truth, their loss, their probability."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from reid_gen.purifying.gcn import LinkGCN
from reid_gen.purifying.graph import NeighbourGraph
from reid_gen.purifying.subgraphs import Hops, Subgraphs, pivot_subgraphs

__all__ = ["Links", "cosine_links", "link_labels", "link_loss", "predict_links"]


@dataclass(frozen=True, eq=False)
class Links:
    """What is thought of the neighbours of B pivots.

    Attributes:
        pivots: (B,) int64, rows of the graph.
        neighbours: (B, k1) int64, rows of the graph; -1 for none.
        probabilities: (B, k1) float32, that both show one person; 0 where there is none.
    """

    pivots: Tensor
    neighbours: Tensor
    probabilities: Tensor


def link_labels(graph: NeighbourGraph, subgraphs: Subgraphs) -> Tensor:
    """1 where a neighbour has the pivot's identity, else 0, and -1 in padding: (B, k1) int64.

    A pivot that shows nobody (pid below 0) has no link.
    """
    pivots = graph.pids[subgraphs.pivots.cpu()][:, None]
    others = graph.pids[subgraphs.nodes[:, : subgraphs.near].cpu()]
    same = ((others == pivots) & (pivots >= 0)).long().to(subgraphs.mask.device)
    return same.masked_fill(~subgraphs.mask[:, : subgraphs.near], -1)


def link_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy over true neighbours.

    Args:
        logits: (B, k1, 2).
        labels: (B, k1) int64, -1 in padding.

    Raises:
        ValueError: nothing but padding came.
    """
    if not bool((labels >= 0).any()):
        raise ValueError("no pivot of the batch has a neighbour, so there is no link to learn")
    return cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-1)


@torch.inference_mode()
def predict_links(
    model: LinkGCN,
    graph: NeighbourGraph,
    pivots: Tensor,
    *,
    hops: Hops,
    batch_size: int = 32,
    device: torch.device | str = "cpu",
    advance: Callable[[int], None] | None = None,
) -> Links:
    """Ask the network about the neighbours of some pivots.

    The network is used in evaluation mode and left in the mode it was in.

    Args:
        model: the network, on ``device``.
        graph: the graph.
        pivots: (B,) int64, rows of the graph.
        hops: size of the subgraphs.
        batch_size: pivots at once.
        device: where to compute.
        advance: called with the number of pivots just finished.

    Raises:
        ValueError: the embeddings have another size than the network's.
    """
    training, parts = model.training, []
    model.eval()
    try:
        for part in torch.split(pivots, batch_size):
            subgraphs = pivot_subgraphs(graph, part, hops).to(device)
            chances = model(subgraphs).softmax(dim=2)[..., 1]
            parts.append((chances * subgraphs.mask[:, : subgraphs.near]).cpu())
            if advance is not None:
                advance(len(part))
    finally:
        model.train(training)
    probabilities = torch.cat(parts) if parts else torch.empty(0, hops.near)
    return Links(pivots, graph.neighbours[pivots, : hops.near], probabilities)


def cosine_links(graph: NeighbourGraph, pivots: Tensor, *, near: int) -> Links:
    """The same without a network: a cosine, cut to 0 .. 1, stands for the probability."""
    found = graph.neighbours[pivots, :near]
    return Links(pivots, found, graph.similarities[pivots, :near].clamp(0, 1))
