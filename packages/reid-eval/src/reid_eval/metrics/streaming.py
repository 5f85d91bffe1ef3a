"""Ranks by counting, streamed over blocks of queries and blocks of the gallery.

Only the ranks of the matches matter. A match's rank is one, plus the matches that precede it,
plus the non-matches that precede it; the latter are counted, block by block, so neither a sort of
the gallery nor a matrix of all scores is needed, and the counts of separate blocks add up.

The order is defined by *exact scores*: products of the float32 features, summed in float64 in one
fixed order. A block's float32 matrix product only decides the pairs whose score is further from a
match's than the error bound of `reid_eval.metrics.bounds`; the others are scored exactly (and
where they are many, the next blocks' product is made in float64, which decides nearly all). So the
result does not depend on block sizes, threads, device or backend.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from reid_eval.metrics import tiles
from reid_eval.metrics.matching import Matching
from reid_eval.metrics.options import Backend, Ties
from reid_eval.metrics.ranks import MatchRanks, join_ranks, ranks_from_counts, weakest_first

__all__ = ["CountingBackend", "QueryRows", "ScoreSource", "make_backend", "rank_matches"]

_logger = logging.getLogger(__name__)

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]

_TIE_CODES = {
    "gallery-order": tiles.GALLERY_ORDER,
    "optimistic": tiles.OPTIMISTIC,
    "pessimistic": tiles.PESSIMISTIC,
}
_MOST_PAIRS = 2**22  # same-identity pairs of one block of queries; bounds memory
_WORTH_COMPILING = 2**22  # scores; for fewer, torch is done before compiled code is loaded


class CountingBackend(Protocol):
    """What the streaming asks of the device that counts; all backends give equal numbers."""

    def close(self) -> None:
        """Release threads."""

    def squared_norms(self, rows: Tensor) -> _Floats:
        """Exact squared norms of ``(n, D)`` rows: ``(n,)``."""

    def pair_dots(self, queries: Tensor, rows: Tensor, query: _Ints, row: _Ints) -> _Floats:
        """Exact products of ``queries[query]`` and ``rows[row]``: ``(n,)``."""

    def place(self, block: tiles.QueryBlock) -> Any:
        """The block as this backend's own arrays."""

    def count_above(
        self,
        tile: Tensor,
        block: Any,
        gallery: tiles.GalleryBlock,
        *,
        ties: int,
        metric: int,
        counts: _Ints,
    ) -> int:
        """Add to ``counts`` the tile's non-matches that precede each match.

        Returns:
            How many entries of the tile needed their exact score.
        """


class QueryRows(NamedTuple):
    """What a source holds of a run of queries.

    Attributes:
        features: ``(n, D)`` float32; ``(0, 0)`` for given distances.
        squares: ``(n,)`` squared norms.
        term: ``(n,)`` norms (cosine) or squared norms (euclidean).
        distances: ``(n, G)`` where distances are given.
    """

    features: Tensor
    squares: _Floats
    term: _Floats
    distances: Tensor | None = None


class ScoreSource(Protocol):
    """Where scores come from: features that are multiplied, or distances that are given."""

    code: int

    def load(self, run: _Ints) -> QueryRows:
        """The queries at the indices ``run``."""

    def exact_scores(self, rows: QueryRows, query: _Ints, column: _Ints) -> _Floats:
        """Exact scores ``(N,)`` of pairs, ``query`` counted within the run."""

    def tiles(self, rows: QueryRows) -> Iterator[tuple[Tensor, tiles.GalleryBlock]]:
        """Scores of the run against consecutive gallery blocks."""

    def note_undecided(self, share: float) -> None:
        """Hear which share of the last tile needed exact scores."""

    def total(self, counts: _Ints) -> _Ints:
        """The sum of the counts of all processes that hold a part of the gallery."""


def make_backend(
    name: Backend, device: torch.device, *, scores: int | None = None
) -> CountingBackend:
    """The backend of this name.

    Args:
        name: ``"auto"`` is compiled on the CPU, torch elsewhere and for little work.
        device: where the features are.
        scores: how many scores there are to count, if that is known.

    Raises:
        ValueError: ``"numba"`` for a device that is not the CPU.
    """
    if name == "numba" and device.type != "cpu":
        raise ValueError(f"backend 'numba' works on the CPU, got device {device}; use 'torch'")
    little = scores is not None and scores < _WORTH_COMPILING
    if name == "numba" or (name == "auto" and device.type == "cpu" and not little):
        from reid_eval.metrics.compiled import CompiledBackend

        return CompiledBackend()
    from reid_eval.metrics.tensors import TensorBackend

    return TensorBackend(device)


def rank_matches(
    source: ScoreSource, matching: Matching, *, ties: Ties, counting: CountingBackend, height: int
) -> MatchRanks:
    """The rank of every match.

    Args:
        source: the scores.
        matching: who matches whom.
        ties: who comes first among equal scores.
        counting: what counts.
        height: most queries in one block.
    """
    evaluated = np.flatnonzero(matching.matches)
    parts, rescored = [], 0
    for run in _query_runs(evaluated, matching.same_pid_counts[evaluated], height):
        rows = source.load(run)
        hidden, is_match = matching.pairs(run)
        query, column = hidden.query[is_match], hidden.column[is_match]
        score = source.exact_scores(rows, query, column)
        order = weakest_first(query, score, column)
        start = np.concatenate([[0], np.cumsum(matching.matches[run])])
        block = counting.place(
            tiles.QueryBlock(
                queries=rows.features,
                term=rows.term,
                hidden_start=hidden.start,
                hidden_column=hidden.column,
                start=start,
                score=score[order],
                column=column[order],
            )
        )
        counts = np.zeros(len(order), dtype=np.int64)
        for tile, gallery in source.tiles(rows):
            undecided = counting.count_above(
                tile, block, gallery, ties=_TIE_CODES[ties], metric=source.code, counts=counts
            )
            source.note_undecided(undecided / tile.numel())
            rescored += undecided
        counts = source.total(counts)
        parts.append(ranks_from_counts(run, start, counts, column[order]))
    _logger.debug("%d pairs were decided by their exact score", rescored)
    return join_ranks(parts)


def _query_runs(queries: _Ints, pairs: _Ints, height: int) -> Iterator[_Ints]:
    """Consecutive runs of at most ``height`` queries and, beyond one query, bounded pairs."""
    first = 0
    before = np.concatenate([[0], np.cumsum(pairs)])
    while first < len(queries):
        fitting = int(np.searchsorted(before, before[first] + _MOST_PAIRS, side="right")) - 1
        last = min(first + height, max(first + 1, fitting))
        yield queries[first:last]
        first = last
