"""From links to clusters: pseudo-label propagation (Zhan et al., ECCV 2018; L-GCN's section 3.4).

The published first pass merges along every edge, however unlikely; here an edge below the
threshold never merges.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from reid_gen.purifying.links import Links

__all__ = ["edges_of", "propagate_labels"]

Edges = NDArray[np.int64]
Scores = NDArray[np.float64]


def edges_of(links: Links) -> tuple[Edges, Scores]:
    """Undirected edges (E, 2), each once and sorted, and the mean of its directions' scores."""
    real = links.neighbours.numpy() >= 0
    starts = np.broadcast_to(links.pivots.numpy()[:, None], real.shape)[real]
    pairs = np.sort(np.stack([starts, links.neighbours.numpy()[real]], axis=1), axis=1)
    edges, inverse, counts = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    sums = np.bincount(
        inverse.reshape(-1), weights=links.probabilities.numpy()[real], minlength=len(edges)
    )
    return edges.astype(np.int64).reshape(-1, 2), sums / np.maximum(counts, 1)


def propagate_labels(
    edges: Edges,
    scores: Scores,
    *,
    count: int,
    threshold: float = 0.5,
    max_size: int = 300,
    step: float = 0.6,
    max_rounds: int = 100,
) -> NDArray[np.int64]:
    """Connected components, of which those that are too large fall apart at higher thresholds.

    Components of at most ``max_size`` nodes are done; the others try again with the edges of at
    least ``t + (1 - t) * step``, until they are small enough or ``max_rounds`` are over, when
    what is left keeps its last components.

    Args:
        edges: (E, 2), nodes.
        scores: (E,), 0 .. 1.
        count: N, nodes.
        threshold: edges below it never merge.
        max_size: of a finished component.
        step: 0 .. 1, of the way to 1 that the threshold goes each round.
        max_rounds: at most.

    Returns:
        Cluster of each node, (N,) int64, numbered 0, 1, ... by their first node; a node without an
        edge is a cluster of its own.

    Raises:
        ValueError: shapes or settings are wrong, or an edge leads to no node.
    """
    _check(edges, scores, count, threshold, step)
    roots = np.full(count, -1, np.int64)
    active = np.ones(count, bool)
    for round_number in range(max_rounds):
        used = (scores >= threshold) & active[edges].all(axis=1)
        labels = _components(edges[used], count)
        sizes = np.bincount(labels[active], minlength=count)
        last = round_number == max_rounds - 1
        done = active & ((sizes[labels] <= max_size) | last)
        # A component is called after its first node, which no other round's can be.
        first = np.full(count, count, np.int64)
        np.minimum.at(first, labels[done], done.nonzero()[0])
        roots[done] = first[labels[done]]
        active &= ~done
        if not active.any():
            break
        threshold += (1 - threshold) * step
    return np.unique(roots, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _components(edges: Edges, count: int) -> NDArray[np.int64]:
    ones = np.ones(len(edges), np.int8)
    matrix = coo_matrix((ones, (edges[:, 0], edges[:, 1])), shape=(count, count))
    return np.asarray(connected_components(matrix, directed=False)[1], np.int64)


def _check(edges: Edges, scores: Scores, count: int, threshold: float, step: float) -> None:
    if edges.ndim != 2 or edges.shape[1] != 2 or scores.shape != (len(edges),):
        raise ValueError(f"expected edges (E, 2), scores (E,), came {edges.shape}, {scores.shape}")
    if len(edges) and (edges.min() < 0 or edges.max() >= count):
        raise ValueError(f"edges lead from {edges.min()} to {edges.max()}, there are {count} nodes")
    if not (0 <= threshold <= 1 and 0 < step < 1):
        raise ValueError(f"threshold 0 .. 1 and step in (0, 1) expected, came {threshold}, {step}")
