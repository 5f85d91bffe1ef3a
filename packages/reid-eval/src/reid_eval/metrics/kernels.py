"""Compiled loops behind the counting of ranks on the CPU.

Imported only where they are needed: numba takes a moment to load. Each kernel works on a range
``[first, last)`` of its items and releases the GIL, so plain Python threads share the work
without a second thread pool beside torch's. The arrays come in the named tuples of
`reid_eval.metrics.tiles`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from reid_eval.metrics.tiles import EUCLIDEAN, GALLERY_ORDER, GIVEN, LANES, PESSIMISTIC

__all__ = ["compiled_loop", "count_rows", "pair_dots", "squared_norms"]

CHUNK = 512
"""Scores that are scaled and counted at once; 2 KiB, so they stay in the L1 cache."""

COMPARED = 64
"""Thresholds that are compared one by one before a binary search per score is cheaper."""

# Reordering touches only the integer counters and the scaled fp32 score, whose rounding the
# error bound covers; exact scores are computed in kernels without it.
_REORDER = {"reassoc", "nnan", "nsz", "contract"}


def compiled_loop(function: Callable[..., Any]) -> Any:
    """Compile, keep the machine code on disk if any folder can be written, release the GIL."""
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # numba found no folder for its cache
        return numba.njit(nogil=True)(function)


@numba.njit(nogil=True)
def _exact_dot(x: Any, y: Any, lanes: Any) -> Any:
    whole = x.shape[0] // LANES * LANES
    for lane in range(LANES):
        lanes[lane] = 0.0
    for k in range(0, whole, LANES):
        for lane in range(LANES):
            lanes[lane] += np.float64(x[k + lane]) * np.float64(y[k + lane])
    for lane in range(x.shape[0] - whole):
        lanes[lane] += np.float64(x[whole + lane]) * np.float64(y[whole + lane])
    width = LANES // 2
    while width > 0:
        for lane in range(width):
            lanes[lane] += lanes[lane + width]
        width //= 2
    return lanes[0]


@compiled_loop
def squared_norms(rows: Any, out: Any, first: Any, last: Any) -> None:
    """``out[i] = rows[i] . rows[i]``."""
    lanes = np.empty(LANES, dtype=np.float64)
    for i in range(first, last):
        out[i] = _exact_dot(rows[i], rows[i], lanes)


@compiled_loop
def pair_dots(
    queries: Any, rows: Any, query: Any, row: Any, out: Any, first: Any, last: Any
) -> None:
    """``out[i] = queries[query[i]] . rows[row[i]]``."""
    lanes = np.empty(LANES, dtype=np.float64)
    for i in range(first, last):
        out[i] = _exact_dot(queries[query[i]], rows[row[i]], lanes)


@numba.njit(nogil=True, fastmath=_REORDER)
def _scale(scores: Any, scale: Any, bias: Any, out: Any) -> None:
    for i in range(scores.shape[0]):
        out[i] = scores[i] * scale[i] + bias[i]


@numba.njit(nogil=True, fastmath=_REORDER)
def _compare(scores: Any, low: Any, high: Any) -> Any:
    possible, certain = np.int32(0), np.int32(0)
    for i in range(scores.shape[0]):
        possible = np.int32(possible + np.int32(scores[i] >= low))
        certain = np.int32(certain + np.int32(scores[i] > high))
    return possible, certain


@numba.njit(nogil=True)
def _exact_score(
    value: Any, block: Any, gallery: Any, metric: Any, r: Any, j: Any, lanes: Any
) -> Any:
    if metric == GIVEN:
        return np.float64(value)
    dot = _exact_dot(block.queries[r], gallery.rows[j], lanes)
    if metric == EUCLIDEAN:
        return 2.0 * dot - (block.term[r] + gallery.term[j])
    return 0.0 if dot == 0.0 else dot / (block.term[r] * gallery.term[j])


@numba.njit(nogil=True)
def _precedes(score: Any, column: Any, threshold: Any, position: Any, ties: Any) -> Any:
    """Whether a non-match with an exact score precedes a match."""
    if score == threshold:
        return ties == PESSIMISTIC or (ties == GALLERY_ORDER and column < position)
    return score > threshold


@numba.njit(nogil=True)
def _number_below(bounds: Any, value: Any) -> Any:
    """How many of the ascending bounds are below a value; a binary search without branches."""
    first, size = 0, bounds.shape[0]
    while size > 1:
        half = size // 2
        first += half if bounds[first + half - 1] < value else 0
        size -= half
    return first + (1 if bounds[first] < value else 0)


@numba.njit(nogil=True)
def _beaten(score: Any, column: Any, scores: Any, columns: Any, ties: Any) -> Any:
    """How many of the thresholds, weakest first, a non-match with an exact score precedes."""
    first, last = 0, scores.shape[0]
    while first < last:
        middle = (first + last) // 2
        if _precedes(score, column, scores[middle], columns[middle], ties):
            first = middle + 1
        else:
            last = middle
    return first


@numba.njit(nogil=True)
def _load_chunk(
    tile: Any, block: Any, gallery: Any, r: Any, left: Any, hidden: Any, chunk: Any
) -> Any:
    """Scaled scores of the non-matches; the others become minus infinity. Returns the next one."""
    right = left + chunk.shape[0]
    _scale(tile[r, left:right], gallery.scale[left:right], gallery.bias[left:right], chunk)
    end = block.hidden_start[r + 1]
    while hidden < end and block.hidden_column[hidden] < gallery.offset + right:
        chunk[block.hidden_column[hidden] - gallery.offset - left] = -np.inf
        hidden += 1
    return hidden


@numba.njit(nogil=True)
def _compare_chunk(
    chunk: Any,
    low: Any,
    high: Any,
    block: Any,
    gallery: Any,
    ties: Any,
    metric: Any,
    r: Any,
    left: Any,
    counts: Any,
    exact: Any,
    lanes: Any,
) -> Any:
    """Count by comparing with each threshold that is reached, weakest first.

    Returns the number of exact scores that were needed.
    """
    begin, needed = block.start[r], 0
    for k in range(low.shape[0]):
        possible, certain = _compare(chunk, low[k], high[k])
        if possible == 0:
            break
        counts[begin + k] += certain
        if possible > certain and needed == 0:
            exact[:] = np.nan
        i = 0
        while possible > certain:
            if low[k] <= chunk[i] <= high[k]:
                if np.isnan(exact[i]):
                    needed += 1
                    exact[i] = _exact_score(chunk[i], block, gallery, metric, r, left + i, lanes)
                score, column = block.score[begin + k], block.column[begin + k]
                counts[begin + k] += _precedes(
                    exact[i], gallery.offset + left + i, score, column, ties
                )
                possible -= 1
            i += 1
    return needed


@numba.njit(nogil=True)
def _search_chunk(
    chunk: Any,
    low: Any,
    high: Any,
    block: Any,
    gallery: Any,
    ties: Any,
    metric: Any,
    r: Any,
    left: Any,
    surpassed: Any,
    lanes: Any,
) -> Any:
    """Count by a binary search for each score, exact where it is undecided; returns how many."""
    begin, end = block.start[r], block.start[r + 1]
    needed = 0
    for i in range(chunk.shape[0]):
        value = chunk[i]
        if value < low[0]:
            continue
        beaten = _number_below(high, value)
        # The next band is the only one that can hold the value and decide whether any does.
        if beaten < low.shape[0] and low[beaten] <= value:
            exact = _exact_score(value, block, gallery, metric, r, left + i, lanes)
            column = gallery.offset + left + i
            beaten = _beaten(exact, column, block.score[begin:end], block.column[begin:end], ties)
            needed += 1
        surpassed[beaten] += 1
    return needed


@compiled_loop
def count_rows(
    tile: Any, block: Any, gallery: Any, ties: Any, metric: Any, counts: Any, first: Any, last: Any
) -> Any:
    """Add to ``counts`` the non-matches in rows of a tile that precede each match.

    Args:
        tile: ``(Q, B)`` products, or distances for ``GIVEN``.
        block: `QueryBlock` of arrays.
        gallery: `GalleryBlock` of arrays.
        ties: a tie code.
        metric: a metric code.
        counts: ``(N,)`` int64, one entry a match.
        first: the first row to work on.
        last: one past the last row.

    Returns:
        How many entries needed their exact score.
    """
    most = np.max(block.start[first + 1 : last + 1] - block.start[first:last])
    low_, high_ = np.empty(most, dtype=tile.dtype), np.empty(most, dtype=tile.dtype)
    scaled = np.empty(CHUNK, dtype=tile.dtype)
    exact = np.empty(CHUNK, dtype=np.float64)
    surpassed = np.empty(most + 1, dtype=np.int64)
    lanes = np.empty(LANES, dtype=np.float64)
    needed = 0
    for r in range(first, last):
        begin, size = block.start[r], block.start[r + 1] - block.start[r]
        low, high = low_[:size], high_[:size]
        for k in range(size):
            threshold = block.score[begin + k] * gallery.factor[r] + gallery.shift[r]
            reach = gallery.slack[r] + gallery.grain * abs(threshold)
            low[k], high[k] = threshold - reach, threshold + reach
        surpassed[: size + 1] = 0
        hidden = block.hidden_start[r]
        hidden += np.searchsorted(
            block.hidden_column[hidden : block.hidden_start[r + 1]], gallery.offset
        )
        for left in range(0, tile.shape[1], CHUNK):
            chunk = scaled[: min(CHUNK, tile.shape[1] - left)]
            hidden = _load_chunk(tile, block, gallery, r, left, hidden, chunk)
            if size <= COMPARED:
                needed += _compare_chunk(
                    chunk, low, high, block, gallery, ties, metric, r, left, counts, exact, lanes
                )
            else:
                needed += _search_chunk(
                    chunk, low, high, block, gallery, ties, metric, r, left, surpassed, lanes
                )
        above = 0
        for k in range(size - 1, -1, -1):
            above += surpassed[k + 1]
            counts[begin + k] += above
    return needed
