"""Distances among queries and gallery, given block by block: what every re-ranker here reads.

The N = Q + G items are the queries first, then the gallery. A block is computed when asked for,
so nothing of size N x N exists unless the caller made it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Literal, Protocol, TypeAlias

import numpy as np
import torch
from torch import Tensor

__all__ = [
    "Array",
    "Distances",
    "FeatureDistances",
    "GivenDistances",
    "Metric",
    "as_tensor",
    "distance_blocks",
    "spans",
]

Array: TypeAlias = Tensor | np.ndarray
"""A torch tensor on any device, or a NumPy array (also a memory map)."""

Metric = Literal["cosine", "euclidean"]


class Distances(Protocol):
    """Distances among N items of which the first `queries` are the queries.

    Attributes:
        queries: Q, the number of queries.
        size: N = Q + G, the number of items.
        symmetric: whether block(a, b) is always the transpose of block(b, a).
        device: where the blocks are.
    """

    @property
    def queries(self) -> int: ...  # noqa: D102

    @property
    def size(self) -> int: ...  # noqa: D102

    @property
    def symmetric(self) -> bool: ...  # noqa: D102

    @property
    def device(self) -> torch.device: ...  # noqa: D102

    def block(self, rows: slice, columns: slice) -> Tensor:
        """Distances (R, C) of consecutive items, in memory that the caller may overwrite."""
        ...

    def pairs(self, rows: Tensor, columns: Tensor) -> Tensor:
        """Distances (P,) of listed pairs; both arguments are int64 (P,) on the CPU."""
        ...


class FeatureDistances:
    """Squared Euclidean distances of features, computed in float32.

    Cosine is the squared Euclidean distance of the L2-normalised features, 2 - 2 cos.

    Args:
        query: (Q, D).
        gallery: (G, D), on the same device.
        metric: "cosine" or "euclidean".

    Raises:
        ValueError: wrong shapes or metric, features that are not finite, or of length zero
            where they have to be normalised.
    """

    symmetric = True

    def __init__(self, query: Array, gallery: Array, *, metric: Metric = "cosine") -> None:
        if metric not in ("cosine", "euclidean"):
            raise ValueError(f"metric must be 'cosine' or 'euclidean', not {metric!r}")
        self.queries = len(query)
        self.features = _stack(query, gallery)
        self.size = len(self.features)
        self.device = self.features.device
        if metric == "cosine":
            lengths = torch.linalg.vector_norm(self.features, dim=1, keepdim=True)
            if not lengths.all():
                raise ValueError(
                    "cosine needs features longer than zero; "
                    f"item {int(lengths[:, 0].argmin())} (queries first) has only zeros"
                )
            self.features /= lengths
        parts = (self.features[rows].square().sum(1) for rows in spans(self.size, 4096))
        self._squares = torch.cat(list(parts))
        if not torch.isfinite(self._squares).all():
            raise ValueError("squared lengths overflow float32; scale or L2-normalise the features")

    def block(self, rows: slice, columns: slice) -> Tensor:
        """Squared distances (R, C) of consecutive items."""
        left, right = self.features[rows], self.features[columns]
        block = self._squares[rows, None] + self._squares[columns]
        # Rounding leaves a small negative number where two features are the same.
        return block.addmm_(left, right.T, alpha=-2).clamp_min_(0)

    def pairs(self, rows: Tensor, columns: Tensor) -> Tensor:
        """Squared distances (P,) of listed pairs."""
        # The same sum as in `block`, so that both round alike.
        dots = self._dots(rows, columns)
        rows, columns = rows.to(self.device), columns.to(self.device)
        return (self._squares[rows] + self._squares[columns]).sub_(dots, alpha=2).clamp_min_(0)

    def _dots(self, rows: Tensor, columns: Tensor) -> Tensor:
        out = torch.empty(len(rows), device=self.device)
        if self.device.type == "cpu":
            from reid_eval.rerank._kernels import dot_products, spread

            arrays = (tensor.numpy() for tensor in (self.features, rows, columns, out))
            spread(dot_products, len(rows), *arrays)
        else:
            for part in spans(len(rows), 1 << 15):
                left, right = (
                    self.features[items[part].to(self.device)] for items in (rows, columns)
                )
                out[part] = torch.linalg.vecdot(left, right)
        return out


class GivenDistances:
    """Distances that the caller has already, as three matrices.

    The matrices are read, never copied or changed. The distance from item i to item j is read
    at row j, column i, as the original k-reciprocal code does; it matters only for a matrix
    that is not symmetric.

    Args:
        query_gallery: (Q, G).
        query_query: (Q, Q).
        gallery_gallery: (G, G).

    Raises:
        ValueError: shapes that do not fit, or entries that are not finite.
    """

    symmetric = False

    def __init__(self, query_gallery: Array, query_query: Array, gallery_gallery: Array) -> None:
        across, queries, gallery = (
            as_tensor(matrix) for matrix in (query_gallery, query_query, gallery_gallery)
        )
        shapes = [tuple(matrix.shape) for matrix in (across, queries, gallery)]
        if across.ndim != 2 or shapes[1:] != [(shapes[0][0],) * 2, (shapes[0][1],) * 2]:
            raise ValueError(
                "expected distances (Q, G), (Q, Q) and (G, G) in this order; "
                f"came {shapes[0]}, {shapes[1]} and {shapes[2]}"
            )
        if 0 in shapes[0]:
            raise ValueError(f"need at least one query and one gallery item, came {shapes[0]}")
        for name, matrix in (("Q, G", across), ("Q, Q", queries), ("G, G", gallery)):
            # A NaN or an infinity survives minimum and maximum: no (N, N) mask is needed.
            if not torch.isfinite(torch.stack(torch.aminmax(matrix))).all():
                raise ValueError(f"the ({name}) distances must be finite; they hold NaN or inf")
        dtype = torch.promote_types(torch.promote_types(across.dtype, queries.dtype), gallery.dtype)
        self._across, self._queries, self._gallery = (
            matrix.to(across.device, dtype) for matrix in (across, queries, gallery)
        )
        self.queries = shapes[0][0]
        self.size = sum(shapes[0])
        self.device = across.device

    def block(self, rows: slice, columns: slice) -> Tensor:
        """Distances (R, C) of consecutive items."""
        count = self.queries
        top, low = _clip(rows, 0, count), _clip(rows, count, self.size)
        left, right = _clip(columns, 0, count), _clip(columns, count, self.size)
        height, width = top.stop - top.start, left.stop - left.start
        # Row-major whatever the order of the matrices: the compiled loops run along the rows.
        shape = rows.stop - rows.start, columns.stop - columns.start
        out = torch.empty(shape, dtype=self._across.dtype, device=self.device)
        out[:height, :width] = self._queries[left, top].T
        out[:height, width:] = self._across[top, right]
        out[height:, :width] = self._across[left, low].T
        out[height:, width:] = self._gallery[right, low].T
        return out

    def pairs(self, rows: Tensor, columns: Tensor) -> Tensor:
        """Distances (P,) of listed pairs."""
        rows, columns, count = rows.to(self.device), columns.to(self.device), self.queries
        out = torch.empty(len(rows), dtype=self._across.dtype, device=self.device)
        query_row, query_column = rows < count, columns < count
        for matrix, chosen, first, second in (
            (self._queries, query_row & query_column, columns, rows),
            (self._across, query_row & ~query_column, rows, columns - count),
            (self._across, ~query_row & query_column, columns, rows - count),
            (self._gallery, ~query_row & ~query_column, columns - count, rows - count),
        ):
            out[chosen] = matrix[first[chosen], second[chosen]]
        return out


def distance_blocks(
    distances: Distances, *, query_block: int = 256
) -> Iterator[tuple[slice, Tensor]]:
    """Plain query x gallery distances, a block of queries at a time.

    Yields:
        The slice of queries, and their distances (b, G) to the whole gallery.
    """
    gallery = slice(distances.queries, distances.size)
    for rows in spans(distances.queries, query_block):
        yield rows, distances.block(rows, gallery)


def spans(size: int, step: int, *, start: int = 0) -> Iterator[slice]:
    """Consecutive slices of at most `step` that cover [start, size)."""
    return (slice(first, min(first + step, size)) for first in range(start, size, step))


def as_tensor(array: Array) -> Tensor:
    """A detached tensor over the same memory, of a floating type."""
    if isinstance(array, np.ndarray):
        with warnings.catch_warnings():
            # A memory map is read-only, torch has no such tensors, and nothing here writes to it.
            warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
            array = torch.from_numpy(array)
    return array.detach() if array.is_floating_point() else array.float()


def _stack(query: Array, gallery: Array) -> Tensor:
    """Queries and gallery as one new float32 tensor (Q + G, D)."""
    shapes = tuple(query.shape), tuple(gallery.shape)
    if len(shapes[0]) != 2 or len(shapes[1]) != 2 or shapes[0][1] != shapes[1][1]:
        raise ValueError(
            f"expected features (Q, D) and (G, D), came {shapes[0]} for the queries "
            f"and {shapes[1]} for the gallery"
        )
    if 0 in shapes[0] + shapes[1]:
        raise ValueError(f"need at least one query and one gallery item, came {shapes}")
    device = query.device if isinstance(query, Tensor) else torch.device("cpu")
    features = torch.empty((shapes[0][0] + shapes[1][0], shapes[0][1]), device=device)
    for part, source in ((features[: len(query)], query), (features[len(query) :], gallery)):
        part.copy_(as_tensor(source))
    if not torch.isfinite(torch.stack(torch.aminmax(features))).all():
        raise ValueError("features must be finite; they hold NaN or inf")
    return features


def _clip(items: slice, start: int, stop: int) -> slice:
    """The part of a slice inside [start, stop), counted from start."""
    first = min(max(items.start, start), stop)
    return slice(first - start, max(min(items.stop, stop), first) - start)
