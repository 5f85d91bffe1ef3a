"""The nearest items of every item, exactly, without an N x N matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reid_eval.rerank.distances import Distances, spans

__all__ = ["Nearest", "nearest", "squared"]

# Rows and columns of one product: 16 MiB, so that the lists are updated from the cache.
HEIGHT, WIDTH = 1024, 4096
SPARE = 4  # entries kept beyond those asked for, to see where rounding makes ties


@dataclass(frozen=True)
class Nearest:
    """The nearest items of each of N items, nearest first, equals in index order.

    Attributes:
        indices: (N, K) int32; the item itself is (nearly always) the first.
        values: (N, K) float32 distances.
        maxima: (N,) float32, what a row was divided by.
    """

    indices: NDArray[np.int32]
    values: NDArray[np.float32]
    maxima: NDArray[np.float32]


def nearest(
    distances: Distances, count: int, *, normalised: bool, keep: Tensor | None = None
) -> Nearest:
    """The `count` nearest items of every item (fewer where there are fewer items).

    Args:
        distances: of N items.
        count: K.
        normalised: square the distances and divide each row by its maximum first; rounding then
            makes ties of distances that differ, and they too are in index order.
        keep: (Q, G) float32, filled with the queries' (squared) distances to the gallery, which
            are computed on the way.

    Raises:
        ValueError: distances too large for float32.
    """
    count = min(count, distances.size)
    lists = _Lists.empty(distances.size, min(count + SPARE, distances.size))
    if distances.device.type == "cpu":
        _by_insertion(distances, lists, normalised, keep)
    else:
        _by_topk(distances, lists, normalised, keep)
    if not np.isfinite(lists.maxima).all():
        raise ValueError("squared distances overflow float32; scale or L2-normalise the features")
    scale = np.ones_like(lists.maxima)
    if normalised:
        # Where all items coincide the distances are 0, and stay 0.
        scale = np.where(lists.maxima > 0, lists.maxima, scale)
    np.divide(lists.values, scale[:, None], out=lists.values)
    order = np.lexsort((lists.indices, lists.values), axis=1)
    lists.values[:] = np.take_along_axis(lists.values, order, 1)
    lists.indices[:] = np.take_along_axis(lists.indices, order, 1)
    if lists.values.shape[1] < distances.size:
        # If the last entry kept equals the last one wanted, an equal one may have been left out.
        _settle(distances, lists, scale, count, normalised)
    kept = np.ascontiguousarray(lists.indices[:, :count]), lists.values[:, :count].copy()
    return Nearest(kept[0], kept[1], scale)


def squared(block: Tensor) -> Tensor:
    """Squares of distances in float32; may overwrite its argument."""
    if block.dtype in (torch.float16, torch.bfloat16):
        block = block.float()
    return block.square_().float()


@dataclass(frozen=True)
class _Lists:
    """Sorted lists under construction; see `_kernels.insert_rows`."""

    values: NDArray[np.float32]
    indices: NDArray[np.int32]
    maxima: NDArray[np.float32]

    @classmethod
    def empty(cls, size: int, length: int) -> _Lists:
        return cls(
            np.full((size, length), np.inf, np.float32),
            np.full((size, length), -1, np.int32),
            np.full(size, -np.inf, np.float32),
        )

    def __getitem__(self, items: slice) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        return self.values[items], self.indices[items], self.maxima[items]


def _scores(distances: Distances, rows: slice, columns: slice, normalised: bool) -> Tensor:
    block = distances.block(rows, columns)
    return squared(block) if normalised else block.float()


def _keep(block: Tensor, rows: slice, columns: slice, keep: Tensor | None, queries: int) -> None:
    """Copy what a block has of the distances of queries to gallery."""
    height, skip = min(rows.stop, queries) - rows.start, max(queries - columns.start, 0)
    if keep is not None and height > 0 and columns.stop > queries:
        own = slice(columns.start + skip - queries, columns.stop - queries)
        keep[rows.start : rows.start + height, own] = block[:height, skip:]


def _by_insertion(
    distances: Distances, lists: _Lists, normalised: bool, keep: Tensor | None
) -> None:
    """Fill the lists on the CPU; of symmetric distances only half is computed.

    An item meets the others in ascending order either way: first as a column of earlier rows,
    then as a row. That is what keeps equals in index order.
    """
    from reid_eval.rerank._kernels import insert_columns, insert_rows, spread

    for rows in spans(distances.size, HEIGHT):
        first = rows.start if distances.symmetric else 0
        for columns in spans(distances.size, WIDTH, start=first):
            scores = _scores(distances, rows, columns, normalised)
            _keep(scores, rows, columns, keep, distances.queries)
            block = scores.numpy()
            spread(insert_rows, len(block), block, columns.start, *lists[rows])
            later = slice(max(rows.stop, columns.start), columns.stop)
            if distances.symmetric and later.start < later.stop:
                skip, size = later.start - columns.start, later.stop - later.start
                spread(insert_columns, size, block, skip, rows.start, *lists[later])


def _by_topk(distances: Distances, lists: _Lists, normalised: bool, keep: Tensor | None) -> None:
    """Fill the lists on an accelerator, which has product and selection to spare."""
    everything = slice(0, distances.size)
    for rows in spans(distances.size, HEIGHT):
        block = _scores(distances, rows, everything, normalised)
        _keep(block, rows, everything, keep, distances.queries)
        values, indices = block.topk(lists.values.shape[1], dim=1, largest=False)
        lists.values[rows] = values.cpu().numpy()
        lists.indices[rows] = indices.cpu().numpy()
        lists.maxima[rows] = block.amax(1).cpu().numpy()


def _settle(
    distances: Distances,
    lists: _Lists,
    scale: NDArray[np.float32],
    count: int,
    normalised: bool,
) -> None:
    """Read the rows again whose ties reach beyond what was kept, now with their final values."""
    from reid_eval.rerank._kernels import insert_rows, spread

    unsettled = lists.values[:, -1] == lists.values[:, count - 1]
    for rows in spans(distances.size, HEIGHT // 4):
        if not unsettled[rows].any():
            continue
        again = _Lists.empty(rows.stop - rows.start, count)
        for columns in spans(distances.size, WIDTH):
            block = _scores(distances, rows, columns, normalised).cpu().numpy()
            block /= scale[rows, None]
            spread(insert_rows, len(block), block, columns.start, *again[:])
        lists.values[rows, :count] = again.values
        lists.indices[rows, :count] = again.indices
