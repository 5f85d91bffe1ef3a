"""Ranks of matches from counts, and the metrics that ranks define."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reid_eval.metrics.options import AveragePrecision

__all__ = [
    "MatchRanks",
    "average_precision",
    "first_hit_rank",
    "inverse_negative_penalty",
    "join_ranks",
    "ranks_from_counts",
    "weakest_first",
]

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class MatchRanks:
    """The rank of every match of some queries.

    Attributes:
        query: ``(E,)`` indices of the queries, ascending; each has a match.
        start: ``(E + 1,)`` query ``i`` owns the entries ``start[i]`` to ``start[i + 1]``.
        rank: ``(N,)`` ranks from 1, best match first within a query.
        column: ``(N,)`` the gallery index of each match.
    """

    query: _Ints
    start: _Ints
    rank: _Ints
    column: _Ints

    @property
    def hit(self) -> _Ints:
        """``(N,)`` which hit of its query an entry is, from 1."""
        return 1 + np.arange(len(self.rank)) - np.repeat(self.start[:-1], np.diff(self.start))


def weakest_first(query: _Ints, score: _Floats, column: _Ints) -> _Ints:
    """The order of matches by query, then ascending score, then descending gallery index."""
    return np.lexsort((-column, score, query))


def ranks_from_counts(query: _Ints, start: _Ints, counts: _Ints, column: _Ints) -> MatchRanks:
    """Ranks of matches that lie weakest first, from the non-matches that precede each.

    Args:
        query: ``(E,)`` indices of the queries.
        start: ``(E + 1,)`` CSR into ``counts``.
        counts: ``(N,)`` non-matches that precede each match.
        column: ``(N,)`` the gallery index of each match.
    """
    stronger = np.repeat(start[1:], np.diff(start)) - 1 - np.arange(len(counts))
    ranks = 1 + stronger + counts
    # Reversed as a whole, each query's matches lie best first; the queries are put back in order.
    owner = np.repeat(np.arange(len(query)), np.diff(start))
    best_first = np.lexsort((stronger, owner))
    return MatchRanks(query, start, ranks[best_first], column[best_first])


def join_ranks(parts: Sequence[MatchRanks]) -> MatchRanks:
    """The ranks of consecutive runs of queries as one."""
    lengths = np.concatenate([np.diff(part.start) for part in parts])
    return MatchRanks(
        query=np.concatenate([part.query for part in parts]),
        start=np.concatenate([[0], np.cumsum(lengths)]),
        rank=np.concatenate([part.rank for part in parts]),
        column=np.concatenate([part.column for part in parts]),
    )


def average_precision(ranks: MatchRanks, definition: AveragePrecision) -> _Floats:
    """Average precision of each query: ``(E,)``.

    With ``r_j`` the rank of the j-th of P hits:

    - ``"mean"``: ``mean_j j / r_j``
    - ``"trapezoid"``, as Market-1501's own evaluation code:
      ``mean_j ((j - 1) / (r_j - 1) + j / r_j) / 2``, where the first fraction is 1 for
      ``r_j = 1``.
    """
    precision = ranks.hit / ranks.rank
    if definition == "trapezoid":
        before = np.ones_like(precision)
        np.divide(ranks.hit - 1, ranks.rank - 1, out=before, where=ranks.rank > 1)
        precision = (before + precision) / 2
    return np.add.reduceat(precision, ranks.start[:-1]) / np.diff(ranks.start)


def first_hit_rank(ranks: MatchRanks) -> _Ints:
    """Rank of the best match of each query: ``(E,)``."""
    return ranks.rank[ranks.start[:-1]]


def inverse_negative_penalty(ranks: MatchRanks) -> _Floats:
    """INP of each query, ``P / r_P`` (Ye et al., TPAMI 2021): ``(E,)``."""
    return np.diff(ranks.start) / ranks.rank[ranks.start[1:] - 1]
