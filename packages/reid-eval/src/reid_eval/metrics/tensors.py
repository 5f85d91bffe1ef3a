"""Counting with torch operations alone: any device with float64, no compiler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from reid_eval.metrics.tiles import (
    EUCLIDEAN,
    GALLERY_ORDER,
    GIVEN,
    LANES,
    PESSIMISTIC,
    GalleryBlock,
    QueryBlock,
)

__all__ = ["TensorBackend"]

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]

# Elements of a temporary: few enough for a CPU's memory, many enough to occupy a GPU.
_ELEMENTS = {"cpu": 2**20}
_ELEMENTS_ELSEWHERE = 2**24
# On a CPU the lanes of this many rows are too few for torch to start threads for each addition;
# on a busy machine those would wait for each other longer than they work.
_ROWS = {"cpu": 2**15 // LANES - 1}


class _PlacedBlock(NamedTuple):
    """A query block on the device; ``owner`` is the query of each match or hidden entry."""

    tensors: QueryBlock
    owner: Tensor
    hidden_owner: Tensor
    start: _Ints
    hidden_start: _Ints


class TensorBackend:
    """See `CountingBackend`."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._elements = _ELEMENTS.get(device.type, _ELEMENTS_ELSEWHERE)

    def close(self) -> None:
        """Nothing to release."""

    def squared_norms(self, rows: Tensor) -> _Floats:
        """Exact squared norms of ``(n, D)`` rows: ``(n,)``."""
        every = torch.arange(len(rows), device=self._device)
        return _host(self._dots(rows, rows, every, every))

    def pair_dots(self, queries: Tensor, rows: Tensor, query: _Ints, row: _Ints) -> _Floats:
        """Exact products of ``queries[query]`` and ``rows[row]``: ``(n,)``."""
        return _host(self._dots(queries, rows, self._put(query), self._put(row)))

    def place(self, block: QueryBlock) -> _PlacedBlock:
        """The block as tensors on the device."""
        rows = np.arange(len(block.term))
        return _PlacedBlock(
            tensors=QueryBlock(*(self._put(field) for field in block)),
            owner=self._put(np.repeat(rows, np.diff(block.start))),
            hidden_owner=self._put(np.repeat(rows, np.diff(block.hidden_start))),
            start=block.start,
            hidden_start=block.hidden_start,
        )

    def count_above(
        self,
        tile: Tensor,
        block: _PlacedBlock,
        gallery: GalleryBlock,
        *,
        ties: int,
        metric: int,
        counts: _Ints,
    ) -> int:
        """Add this tile's counts; returns how many entries their exact score decided."""
        fields = (self._put(field) for field in gallery[2:])
        own = GalleryBlock(gallery.offset, gallery.grain, *fields)
        owner, kind = block.owner, tile.dtype
        threshold = block.tensors.score * own.factor[owner] + own.shift[owner]
        reach = own.slack[owner] + own.grain * threshold.abs()
        low, high = (threshold - reach).to(kind), (threshold + reach).to(kind)
        height = max(1, self._elements // tile.shape[1])
        rescored = 0
        for first in range(0, len(tile), height):
            last = min(first + height, len(tile))
            scores = self._scores(tile[first:last], first, block, own)
            # What does not reach the weakest match's band precedes no match.
            weakest = low[block.tensors.start[first:last], None]
            row, column = torch.nonzero(scores >= weakest, as_tuple=True)
            value, row = scores[row, column], row + first
            begin, end = block.tensors.start[row], block.tensors.start[row + 1]
            beaten = _bisect(begin, end, _below(high, value, strictly=True))
            possible = _bisect(begin, end, _below(low, value, strictly=False))
            open_ = torch.nonzero(beaten != possible)[:, 0]
            if len(open_):
                row, column = row[open_], column[open_]
                exact = value[open_].double()
                if metric != GIVEN:
                    exact = self._exact_scores(block.tensors, own, row, column, metric)
                before = _preceding(exact, column + own.offset, block.tensors, ties)
                beaten[open_] = _bisect(begin[open_], end[open_], before)
                rescored += len(open_)
            span = slice(int(block.start[first]), int(block.start[last]))
            counts[span] += _count_from(beaten, begin, block, span)
        return rescored

    def _scores(self, tile: Tensor, first: int, block: _PlacedBlock, own: GalleryBlock) -> Tensor:
        """Scaled scores of the non-matches; the others are minus infinity."""
        scores: Tensor = tile * own.scale.to(tile.dtype) + own.bias.to(tile.dtype)
        span = slice(int(block.hidden_start[first]), int(block.hidden_start[first + len(tile)]))
        row = block.hidden_owner[span] - first
        column = block.tensors.hidden_column[span] - own.offset
        inside = (column >= 0) & (column < tile.shape[1])
        scores[row[inside], column[inside]] = -torch.inf
        return scores

    def _exact_scores(
        self, block: QueryBlock, gallery: GalleryBlock, query: Tensor, row: Tensor, metric: int
    ) -> Tensor:
        dots = self._dots(block.queries, gallery.rows, query, row)
        if metric == EUCLIDEAN:
            return dots.mul(2.0).sub(block.term[query] + gallery.term[row])
        return torch.where(dots == 0, 0.0, dots / (block.term[query] * gallery.term[row]))

    def _dots(self, left: Tensor, right: Tensor, i: Tensor, j: Tensor) -> Tensor:
        most = _ROWS.get(self._device.type, self._elements)
        size = max(1, min(self._elements // left.shape[1], most))
        parts = [
            _exact_dots(left[i[k : k + size]], right[j[k : k + size]])
            for k in range(0, len(i), size)
        ]
        return torch.cat(parts) if parts else torch.zeros(0, dtype=torch.float64, device=i.device)

    def _put(self, field: Any) -> Tensor:
        return torch.as_tensor(field, device=self._device)


def _exact_dots(x: Tensor, y: Tensor) -> Tensor:
    """Row-wise products ``(n,)`` of ``(n, D)`` float32, summed in the order of the kernels."""
    lanes = x.new_zeros(len(x), LANES, dtype=torch.float64)
    for k in range(0, x.shape[1], LANES):
        part = x[:, k : k + LANES].double() * y[:, k : k + LANES].double()
        lanes[:, : part.shape[1]] += part
    while lanes.shape[1] > 1:
        half = lanes.shape[1] // 2
        lanes = lanes[:, :half] + lanes[:, half:]
    return lanes[:, 0]


def _bisect(first: Tensor, last: Tensor, holds: Callable[[Tensor], Tensor]) -> Tensor:
    """Where in each range ``[first, last)`` a condition, true up to some index, ends to hold."""
    while True:
        unsettled = first < last
        if not bool(unsettled.any()):
            return first
        middle = (first + last) // 2
        # A settled range asks about any valid index and ignores the answer.
        up = holds(torch.where(unsettled, middle, 0))
        first = torch.where(unsettled & up, middle + 1, first)
        last = torch.where(unsettled & ~up, middle, last)


def _below(bound: Tensor, value: Tensor, *, strictly: bool) -> Callable[[Tensor], Tensor]:
    """Whether bounds ``k`` lie below the values."""
    compare = torch.lt if strictly else torch.le
    return lambda k: compare(bound[k], value)


def _preceding(
    exact: Tensor, column: Tensor, block: QueryBlock, ties: int
) -> Callable[[Tensor], Tensor]:
    """Whether non-matches with these exact scores precede the matches ``k``."""

    def before(k: Tensor) -> Tensor:
        if ties == PESSIMISTIC:
            return torch.ge(exact, block.score[k])
        above = torch.gt(exact, block.score[k])
        if ties == GALLERY_ORDER:
            above |= torch.eq(exact, block.score[k]) & torch.lt(column, block.column[k])
        return above

    return before


def _count_from(beaten: Tensor, begin: Tensor, block: _PlacedBlock, span: slice) -> _Ints:
    """Entries that reach past each match of the span, from one past the last match of each.

    A match counts its query's entries from its own place to the query's end: a difference of
    two cumulative sums.
    """
    last_beaten = beaten[beaten > begin] - (1 + span.start)
    tally = torch.bincount(last_beaten, minlength=span.stop - span.start)
    through = torch.cat([tally.new_zeros(1), tally.cumsum(0)])
    query_end = block.tensors.start[block.owner[span] + 1] - span.start
    return (through[query_end] - through[:-1]).cpu().numpy()


def _host(values: Tensor) -> _Floats:
    array: _Floats = values.cpu().numpy()
    return array
