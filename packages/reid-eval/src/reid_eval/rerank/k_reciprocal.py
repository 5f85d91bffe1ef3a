"""k-reciprocal re-ranking, exact and sparse.

Source: Zhong, Zheng, Cao and Li, "Re-ranking Person Re-identification with k-reciprocal
Encoding", CVPR 2017, as its authors' code computes it (which torchreid and fast-reid run too).

The original code differs from the paper in two ways that are kept here, because every published
number has them: the distances it is given are squared (for features that means the squared
Euclidean distance once more), and each item's distances are divided by their maximum before
the neighbours are taken. Ties, which the original leaves to an unstable sort, go by index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from reid_eval.rerank._nearest import Nearest, nearest, squared
from reid_eval.rerank.distances import (
    Array,
    Distances,
    FeatureDistances,
    GivenDistances,
    Metric,
    spans,
)

__all__ = [
    "KReciprocal",
    "k_reciprocal_blocks",
    "k_reciprocal_from_distances",
    "k_reciprocal_rerank",
]


def k_reciprocal_rerank(
    query: Array,
    gallery: Array,
    *,
    k1: int = 20,
    k2: int = 6,
    lambda_value: float = 0.3,
    metric: Metric = "cosine",
) -> Tensor:
    """Re-ranked distances of features.

    With d* the squared and row-normalised distance, R(i) the expanded k-reciprocal set of i,
    V[i, j] = exp(-d*(i, j)) / sum over R(i) for j in R(i), and V averaged over the k2 nearest
    items of each (local query expansion)::

        t(q, g)      = sum_j min(V[q, j], V[g, j])
        distance     = (1 - lambda) (1 - t / (2 - t)) + lambda d*(q, g)

    Args:
        query: (Q, D), not necessarily normalised.
        gallery: (G, D).
        k1: size of the neighbourhood in which reciprocity is asked for.
        k2: neighbours that V is averaged over; 1 turns it off.
        lambda_value: weight of the original distance, 0 to 1.
        metric: "cosine" (squared Euclidean of the L2-normalised features) or "euclidean"
            (squared Euclidean of the features as they are).

    Returns:
        (Q, G) float32 on the features' device; smaller is more alike, at most 1.

    Raises:
        ValueError: parameters out of range, shapes that do not fit, features not finite.

    Example:
        >>> features = torch.eye(4)
        >>> k_reciprocal_rerank(features[:1], features, k1=1, k2=1).argmin().item()
        0
    """
    distances = FeatureDistances(query, gallery, metric=metric)
    return KReciprocal(k1, k2, lambda_value).matrix(distances)


def k_reciprocal_from_distances(
    query_gallery: Array,
    query_query: Array,
    gallery_gallery: Array,
    *,
    k1: int = 20,
    k2: int = 6,
    lambda_value: float = 0.3,
) -> Tensor:
    """Re-ranked distances of given distances, bit for bit those of the original code.

    Args:
        query_gallery: (Q, G).
        query_query: (Q, Q).
        gallery_gallery: (G, G).
        k1: see `k_reciprocal_rerank`.
        k2: see `k_reciprocal_rerank`.
        lambda_value: see `k_reciprocal_rerank`.

    Returns:
        (Q, G) float32.

    Raises:
        ValueError: parameters out of range, shapes that do not fit, distances not finite.
    """
    distances = GivenDistances(query_gallery, query_query, gallery_gallery)
    return KReciprocal(k1, k2, lambda_value).matrix(distances)


def k_reciprocal_blocks(
    distances: Distances,
    *,
    k1: int = 20,
    k2: int = 6,
    lambda_value: float = 0.3,
    query_block: int = 256,
) -> Iterator[tuple[slice, Tensor]]:
    """Re-ranked distances, a block of queries at a time; of any `Distances`.

    Memory stays at some multiple of `query_block` x G and of N x k1, whatever Q is.

    Yields:
        The slice of queries, and their re-ranked distances (b, G).

    Raises:
        ValueError: parameters out of range.
    """
    return KReciprocal(k1, k2, lambda_value).blocks(distances, query_block=query_block)


@dataclass(frozen=True)
class KReciprocal:
    """The parameters of `k_reciprocal_rerank`; call it with features."""

    k1: int = 20
    k2: int = 6
    lambda_value: float = 0.3

    def __post_init__(self) -> None:
        if self.k1 < 1 or self.k2 < 1:
            raise ValueError(f"k1 and k2 must be at least 1, came k1={self.k1}, k2={self.k2}")
        if not 0 <= self.lambda_value <= 1:
            raise ValueError(f"lambda_value must be between 0 and 1, came {self.lambda_value}")

    def __call__(self, query: Array, gallery: Array, *, metric: Metric = "cosine") -> Tensor:
        """Re-ranked distances (Q, G) of features; see `k_reciprocal_rerank`."""
        return self.matrix(FeatureDistances(query, gallery, metric=metric))

    def matrix(self, distances: Distances) -> Tensor:
        """Re-ranked distances (Q, G) float32 of any `Distances`."""
        shape = distances.queries, distances.size - distances.queries
        out = torch.empty(shape, device=distances.device)
        lists, encoding = self._encode(distances, keep=out)
        for rows, block in self._jaccard_blocks(lists, encoding, 256, out.__getitem__):
            out[rows] = block
        return out

    def blocks(
        self, distances: Distances, *, query_block: int = 256
    ) -> Iterator[tuple[slice, Tensor]]:
        """Slices of queries with their re-ranked distances (b, G); see `k_reciprocal_blocks`."""
        if query_block < 1:
            raise ValueError(f"query_block must be at least 1, came {query_block}")
        gallery = slice(distances.queries, distances.size)
        lists, encoding = self._encode(distances, keep=None)
        return self._jaccard_blocks(
            lists, encoding, query_block, lambda rows: squared(distances.block(rows, gallery))
        )

    def _encode(self, distances: Distances, *, keep: Tensor | None) -> tuple[Nearest, _Encoding]:
        """Ranked lists and V after query expansion."""
        count = max(self.k1 + 1, self.k2)
        lists = nearest(distances, count, normalised=True, keep=keep)
        encoding = encode_neighbourhoods(distances, lists, k1=self.k1, k2=self.k2)
        queries = distances.queries
        return lists, _Encoding(encoding[:queries], encoding[queries:].tocsc(), distances.device)

    def _jaccard_blocks(
        self,
        lists: Nearest,
        encoding: _Encoding,
        query_block: int,
        original: Callable[[slice], Tensor],
    ) -> Iterator[tuple[slice, Tensor]]:
        from reid_eval.rerank._kernels import spread, sum_of_minima

        queries, gallery, device = encoding
        scale = torch.from_numpy(lists.maxima).to(device)
        by_column = gallery.indptr, gallery.indices, gallery.data
        for rows in spans(queries.shape[0], query_block):
            minima = torch.empty(rows.stop - rows.start, gallery.shape[0])
            offsets = queries.indptr[rows.start : rows.stop + 1]
            entries = offsets, queries.indices, queries.data, *by_column, minima.numpy()
            spread(sum_of_minima, len(minima), *entries)
            minima = minima.to(device)
            jaccard = minima.div_(2 - minima).neg_().add_(1).mul_(1 - self.lambda_value)
            yield rows, jaccard.add_(original(rows) / scale[rows, None] * self.lambda_value)


class _Encoding(NamedTuple):
    """V, apart for queries (by row) and gallery (by column), and where the blocks shall be."""

    queries: Any
    gallery: Any
    device: torch.device


def encode_neighbourhoods(distances: Distances, lists: Nearest, *, k1: int, k2: int) -> Any:
    """V of `k_reciprocal_rerank`, averaged over k2 neighbours: (N, N) sparse float32."""
    encoding = _encode(distances, lists, k1)
    return _expand(encoding, lists, k2) if k2 > 1 else encoding


def _encode(distances: Distances, lists: Nearest, k1: int) -> Any:
    """V: (N, N) sparse float32, a row for each item over its expanded k-reciprocal set."""
    from reid_eval.rerank._kernels import expanded_sets, spread

    size, length = lists.indices.shape
    near = min(k1 + 1, length)
    # Rounded half to even, as the original code rounds it.
    half = min(round(k1 / 2) + 1, length)
    sizes = np.empty(size, np.int64)
    # Found twice, first for the sizes alone: cheaper than room for the largest possible sets.
    common = lists.indices, lists.values, near, half, sizes
    nothing = sizes[:0], np.empty(0, np.int32), np.empty(0, np.float32)
    spread(expanded_sets, size, *common, *nothing)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    columns, star = np.empty(offsets[-1], np.int32), np.empty(offsets[-1], np.float32)
    spread(expanded_sets, size, *common, offsets, columns, star)
    unknown = np.flatnonzero(star < 0)
    rows = np.repeat(np.arange(size), sizes)[unknown]
    others = torch.from_numpy(columns[unknown].astype(np.int64))
    pairs = squared(distances.pairs(torch.from_numpy(rows), others)).cpu().numpy()
    star[unknown] = pairs / lists.maxima[rows]
    weights = np.exp(-star)
    return sparse.csr_array(
        (_divide_by_sums(weights, offsets, sizes), columns, offsets), shape=(size, size)
    )


def _divide_by_sums(
    weights: NDArray[np.float32], offsets: NDArray[np.int64], sizes: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Weights over the sum of their set, summed in NumPy's order, so that bits are the same."""
    sums = np.ones(len(sizes), np.float32)
    for size in np.unique(sizes[sizes > 0]):  # sets of one size at a time: some dozens of steps
        chosen = np.flatnonzero(sizes == size)
        sums[chosen] = weights[offsets[chosen, None] + np.arange(size)].sum(1)
    return np.divide(weights, np.repeat(sums, sizes), dtype=np.float32)


def _expand(encoding: Any, lists: Nearest, k2: int) -> Any:
    """V averaged over the k2 nearest items, as a sparse product."""
    neighbours = lists.indices[:, :k2]
    size, count = neighbours.shape
    chosen = sparse.csr_array(
        (
            np.ones(neighbours.size, np.float32),
            neighbours.ravel(),
            np.arange(0, neighbours.size + 1, count, dtype=np.int32),
        ),
        shape=(size, size),
    )
    expanded = chosen @ encoding
    expanded.data /= np.float32(count)
    expanded.sort_indices()
    return expanded
