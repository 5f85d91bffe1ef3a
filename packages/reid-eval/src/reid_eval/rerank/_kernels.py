"""Compiled loops of the re-rankers; imported only where needed, for numba is slow to load.

Each kernel works on the items [first, last) and releases the GIL: `spread` shares the work
among plain threads, without a second thread pool beside torch's. Every sum is taken in one fixed
order, so results do not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numba
import numpy as np
import torch

__all__ = [
    "dot_products",
    "expanded_sets",
    "insert_columns",
    "insert_rows",
    "spread",
    "sum_of_minima",
    "sum_of_products",
]

CHUNK = 64  # entries looked at together: long enough for vector code, short enough for the L1 cache


PARTS = 4  # pieces for each thread, so that an expensive piece does not keep the others waiting


def spread(kernel: Callable[..., Any], size: int, *arguments: Any) -> None:
    """Call `kernel(*arguments, first, last)` for ranges that cover `size` items, in threads."""
    workers = min(torch.get_num_threads(), size)
    if workers < 2:
        kernel(*arguments, 0, size)
        return
    edges = [size * part // (workers * PARTS) for part in range(workers * PARTS + 1)]
    with ThreadPoolExecutor(workers) as pool:
        for job in [pool.submit(kernel, *arguments, *ends) for ends in pairwise(edges)]:
            job.result()


def _compile(**options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`numba.njit` with an on-disk cache where there is a place for one."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            compiled: Callable[..., Any] = numba.njit(cache=True, nogil=True, **options)(function)
        except RuntimeError:  # neither the package folder nor the user's cache can be written
            compiled = numba.njit(nogil=True, **options)(function)
        return compiled

    return decorate


@_compile()
def _insert(value, index, values, indices):  # type: ignore[no-untyped-def]
    """Put one entry into a sorted list, behind its equals; the last entry falls out."""
    place = values.shape[0] - 1
    while place > 0 and values[place - 1] > value:
        values[place] = values[place - 1]
        indices[place] = indices[place - 1]
        place -= 1
    values[place] = value
    indices[place] = index


# nnan and nsz let the maximum become vector code; distances are checked to be finite.
@_compile(fastmath={"nnan", "nsz"})
def insert_rows(block, origin, values, indices, maxima, first, last):  # type: ignore[no-untyped-def]
    """Offer block[r, c] to list r as item `origin + c`; keep each row's maximum.

    Columns must come in ascending order over all calls: then equals stay in index order.

    Args:
        block: (R, C) float32.
        origin: index of the item in column 0.
        values: (R, K) float32, each row ascending; infinite where still empty.
        indices: (R, K) int32 beside it.
        maxima: (R,) float32.
        first: start of the range of rows.
        last: its end.
    """
    columns = block.shape[1]
    for r in range(first, last):
        worst = values[r, -1]
        maximum = maxima[r]
        for start in range(0, columns, CHUNK):
            stop = min(start + CHUNK, columns)
            smallest = block[r, start]
            for c in range(start, stop):
                maximum = max(maximum, block[r, c])
                smallest = min(smallest, block[r, c])
            if smallest < worst:
                for c in range(start, stop):
                    if block[r, c] < worst:
                        _insert(block[r, c], origin + c, values[r], indices[r])
                        worst = values[r, -1]
        maxima[r] = maximum


@_compile(fastmath={"nnan", "nsz"})
def insert_columns(block, skip, origin, values, indices, maxima, first, last):  # type: ignore[no-untyped-def]
    """Offer block[r, skip + c] to list c as item `origin + r`: `insert_rows` of the transpose.

    Args:
        block: (R, skip + C) float32.
        skip: columns to leave out.
        origin: index of the item in row 0.
        values: (C, K) float32, each row ascending; infinite where still empty.
        indices: (C, K) int32 beside it.
        maxima: (C,) float32.
        first: start of the range of columns.
        last: its end.
    """
    for start in range(first, last, CHUNK):
        stop = min(start + CHUNK, last)
        worst = values[start:stop, -1].copy()
        maximum = maxima[start:stop]
        for r in range(block.shape[0]):
            line = block[r, skip + start : skip + stop]
            hits = 0
            for c in range(stop - start):
                maximum[c] = max(maximum[c], line[c])
                hits += line[c] < worst[c]
            if hits:
                for c in range(stop - start):
                    if line[c] < worst[c]:
                        _insert(line[c], origin + r, values[start + c], indices[start + c])
                        worst[c] = values[start + c, -1]


@_compile(fastmath={"reassoc", "contract", "nsz"})
def dot_products(features, rows, columns, out, first, last):  # type: ignore[no-untyped-def]
    """out[p] = features[rows[p]] . features[columns[p]], float32."""
    for p in range(first, last):
        a = features[rows[p]]
        b = features[columns[p]]
        total = np.float32(0)
        for d in range(features.shape[1]):
            total += a[d] * b[d]
        out[p] = total


@_compile()
def _mutual(lists, item, count, out):  # type: ignore[no-untyped-def]
    """Those of an item's first `count` neighbours that have it among their own first `count`."""
    found = 0
    for forward in lists[item, :count]:
        for backward in lists[forward, :count]:
            if backward == item:
                out[found] = forward
                found += 1
                break
    return found


@_compile()
def _common(first, second):  # type: ignore[no-untyped-def]
    common = 0
    for a in first:
        for b in second:
            if a == b:
                common += 1
                break
    return common


@_compile()
def _add(members, size, member):  # type: ignore[no-untyped-def]
    """Put a member into a sorted set of some dozens, unless it is there; returns the new size."""
    place = size
    while place > 0 and members[place - 1] > member:
        place -= 1
    if place > 0 and members[place - 1] == member:
        return size
    for m in range(size, place, -1):
        members[m] = members[m - 1]
    members[place] = member
    return size + 1


@_compile()
def expanded_sets(lists, values, near, half, sizes, offsets, out, known, first, last):  # type: ignore[no-untyped-def]
    """Expanded k-reciprocal sets, each ascending: item i's in out[offsets[i]:offsets[i + 1]].

    Args:
        lists: (N, K) int32 nearest items, nearest first, the item itself among them.
        values: (N, K) float32 their distances.
        near: how many of them are taken for the set of an item (k1 + 1).
        half: how many for the sets that it is expanded by.
        sizes: (N,) int64; overwritten with the sizes of the sets.
        offsets: (N + 1,) int64, or empty: then only the sizes are found.
        out: (offsets[-1],) int32.
        known: (offsets[-1],) float32 the members' distances; -1 for those not in the item's list.
        first: start of the range of items.
        last: its end.
    """
    mutual = np.empty(near, lists.dtype)
    candidate = np.empty(half, lists.dtype)
    members = np.empty(near * (half + 1), lists.dtype)
    for item in range(first, last):
        found = _mutual(lists, item, near, mutual)
        size = 0
        for m in range(found):
            size = _add(members, size, mutual[m])
        for m in range(found):
            others = _mutual(lists, np.int64(mutual[m]), half, candidate)
            if 3 * _common(candidate[:others], mutual[:found]) > 2 * others:
                for c in range(others):
                    size = _add(members, size, candidate[c])
        sizes[item] = size
        if offsets.size:
            for m in range(size):
                out[offsets[item] + m] = members[m]
                known[offsets[item] + m] = -1
                for k in range(lists.shape[1]):
                    if lists[item, k] == members[m]:
                        known[offsets[item] + m] = values[item, k]


@_compile()
def sum_of_minima(offsets, columns, data, by_column, rows, values, out, first, last):  # type: ignore[no-untyped-def]
    """out[q, g] = sum over columns of min(left[q, column], right[g, column]).

    Args:
        offsets: CSR offsets of the left matrix, (Q + 1,), with `columns` and `data`.
        columns: column of each entry, ascending in a row.
        data: float32 entries.
        by_column: CSC offsets of the right matrix, with `rows` and `values`.
        rows: row of each entry of the right matrix.
        values: its float32 entries.
        out: (Q, G) float32; overwritten.
        first: start of the range of queries.
        last: its end.
    """
    for q in range(first, last):
        line = out[q]
        line[:] = 0
        for left in range(offsets[q], offsets[q + 1]):
            weight = data[left]
            for right in range(by_column[columns[left]], by_column[columns[left] + 1]):
                line[rows[right]] += min(weight, values[right])


@_compile()
def sum_of_products(offsets, columns, data, by_column, rows, values, out, first, last):  # type: ignore[no-untyped-def]
    """out[q, g] = sum over columns of left[q, column] * right[g, column]; see `sum_of_minima`."""
    for q in range(first, last):
        line = out[q]
        line[:] = 0
        for left in range(offsets[q], offsets[q + 1]):
            weight = data[left]
            for right in range(by_column[columns[left]], by_column[columns[left] + 1]):
                line[rows[right]] += weight * values[right]
