"""GNN re-ranking: neighbourhoods spread over the graph of nearest items.

It is often called a fast k-reciprocal re-ranking, but it is another algorithm with other results.

Source: Zhang, Jiang, Zheng, Tan, Ding and Yang, "Understanding Image Retrieval Re-Ranking: A
Graph Neural Network Perspective", arXiv 2012.07620.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from reid_eval.rerank._nearest import nearest
from reid_eval.rerank.distances import Array, Distances, FeatureDistances, spans

__all__ = ["GraphReranking", "gnn_rerank"]


def gnn_rerank(
    query: Array,
    gallery: Array,
    *,
    k1: int = 26,
    k2: int = 7,
    layers: int = 2,
    alpha: float = 2.0,
) -> Tensor:
    """Distances after spreading the neighbourhoods of all items over their graph.

    A[i, j] is 1 where j is one of the k1 nearest items of i (with i itself). Then, in every layer::

        A    <- A + A^T
        A[i] <- sum over the k2 nearest items j of i of |cos(i, j)| ** alpha * A[j]
        A[i] <- A[i] / ||A[i]||

    and the distance is 1 - A[q] . A[g]. All of it is sparse here; nothing is N x N.

    Args:
        query: (Q, D), not necessarily normalised.
        gallery: (G, D).
        k1: neighbours, itself among them, that an item is described by.
        k2: neighbours, itself among them, that it listens to; 1 leaves the layers out.
        layers: how many times.
        alpha: how fast the weight of a neighbour falls with its similarity.

    Returns:
        (Q, G) float32 in [0, 1] on the features' device; smaller is more alike.

    Raises:
        ValueError: parameters out of range, shapes that do not fit, features not finite or zero.
    """
    return GraphReranking(k1, k2, layers, alpha)(query, gallery)


@dataclass(frozen=True)
class GraphReranking:
    """The parameters of `gnn_rerank`; call it with features. The paper's, for Market-1501."""

    k1: int = 26
    k2: int = 7
    layers: int = 2
    alpha: float = 2.0

    def __post_init__(self) -> None:
        if self.k1 < 1 or self.k2 < 1:
            raise ValueError(f"k1 and k2 must be at least 1, came k1={self.k1}, k2={self.k2}")
        if self.layers < 0 or not 0 <= self.alpha < float("inf"):
            raise ValueError(
                f"layers and alpha must be 0 or more, came layers={self.layers}, alpha={self.alpha}"
            )

    def __call__(self, query: Array, gallery: Array) -> Tensor:
        """Re-ranked distances (Q, G) of features; see `gnn_rerank`."""
        return self.matrix(FeatureDistances(query, gallery))

    def matrix(self, distances: Distances) -> Tensor:
        """Re-ranked distances (Q, G) float32 of distances that are 2 - 2 similarity."""
        shape = distances.queries, distances.size - distances.queries
        out = torch.empty(shape, device=distances.device)
        for rows, block in self.blocks(distances):
            out[rows] = block
        return out

    def blocks(
        self, distances: Distances, *, query_block: int = 256
    ) -> Iterator[tuple[slice, Tensor]]:
        """Slices of queries with their re-ranked distances (b, G)."""
        if query_block < 1:
            raise ValueError(f"query_block must be at least 1, came {query_block}")
        lists = nearest(distances, max(self.k1, self.k2), normalised=False)
        described = _graph(lists.indices[:, : self.k1])
        if self.k2 > 1:
            weights = np.abs(1 - lists.values[:, : self.k2] / 2) ** np.float32(self.alpha)
            messages = _graph(lists.indices[:, : self.k2], weights)
            for _ in range(self.layers):
                described = messages @ (described + described.T)
                described.data /= np.repeat(_lengths(described), np.diff(described.indptr))
        return _dot_blocks(described, distances, query_block)


def _graph(neighbours: NDArray[np.int32], weights: NDArray[np.float32] | None = None) -> Any:
    """(N, N) sparse float32 with an entry, 1 or its weight, for every neighbour."""
    size, count = neighbours.shape
    if weights is None:
        weights = np.ones((size, count), np.float32)
    offsets = np.arange(0, size * count + 1, count)
    return sparse.csr_array((weights.ravel(), neighbours.ravel(), offsets), shape=(size, size))


def _lengths(matrix: Any) -> NDArray[np.float32]:
    """Euclidean length of each row; 1 for an empty one."""
    lengths: NDArray[np.float32] = np.sqrt(matrix.power(2).sum(1))
    return np.where(lengths > 0, lengths, np.float32(1))


def _dot_blocks(
    described: Any, distances: Distances, query_block: int
) -> Iterator[tuple[slice, Tensor]]:
    from reid_eval.rerank._kernels import spread, sum_of_products

    count, size = distances.queries, distances.size
    lengths = _lengths(described)
    described.data /= np.repeat(lengths, np.diff(described.indptr))
    queries, gallery = described[:count], described[count:].tocsc()
    by_column = gallery.indptr, gallery.indices, gallery.data
    for rows in spans(count, query_block):
        products = torch.empty(rows.stop - rows.start, size - count)
        offsets = queries.indptr[rows.start : rows.stop + 1]
        entries = offsets, queries.indices, queries.data, *by_column, products.numpy()
        spread(sum_of_products, len(products), *entries)
        yield rows, products.to(distances.device).neg_().add_(1).clamp_min_(0)
