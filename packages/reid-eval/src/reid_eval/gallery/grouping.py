"""One answer for each tracklet or person."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["best_of_groups"]

Ints = NDArray[np.int64]
Scores = NDArray[np.float32]
_FIRST = 4
"""How many rows an answer may be thought to need, at first."""


def best_of_groups(
    find: Callable[[int], tuple[Ints, Scores]],
    groups: Callable[[Ints], Ints],
    *,
    top_k: int,
    most: int,
) -> tuple[Ints, Scores]:
    """The best row of each of the ``top_k`` best groups, for every query.

    Rows are asked for until each query has its groups or there are no more rows.

    Args:
        find: the k best rows (Q, k) and their scores, -1 and minus infinity in empty places.
        groups: the groups of some rows (N,), negative where a row is a group of its own.
        top_k: K.
        most: how many rows there are.
    """
    wanted = min(most, _FIRST * top_k)
    while True:
        rows, scores = find(max(1, wanted))
        first = _first_of_group(rows, groups)
        if wanted >= most or (first.sum(axis=1) >= top_k).all():
            break
        wanted = min(most, _FIRST * wanted)
    order = np.argsort(~first, axis=1, kind="stable")[:, :top_k]
    kept = np.take_along_axis(first, order, 1)
    best = np.where(kept, np.take_along_axis(rows, order, 1), -1)
    values = np.where(kept, np.take_along_axis(scores, order, 1), -np.inf)
    return best, values.astype(np.float32)


def _first_of_group(rows: Ints, groups: Callable[[Ints], Ints]) -> NDArray[np.bool_]:
    """Which places (Q, k) hold the first row of their group."""
    found = rows >= 0
    names = np.full(rows.shape, -1)
    names[found] = groups(rows[found])
    # A row without a group gets a name that no group has.
    names = np.where(names < 0, -2 - rows, names)
    order = np.argsort(names, axis=1, kind="stable")
    ordered = np.take_along_axis(names, order, 1)
    new = np.ones(rows.shape, bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    first = np.empty_like(new)
    np.put_along_axis(first, order, new, 1)
    return first & found
