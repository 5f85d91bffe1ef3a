"""An evaluation cut into slices: where is it good, where is it not?

A slice holds some of the matches: those between two cameras, those in other clothes. Its figures
answer how well these are found in the whole gallery: the same person's matches outside the slice
are left out, as the camera filter leaves out images, and everybody else's stay. The ranks of all
matches are known from the evaluation, so nothing is searched again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reid_eval.embeddings import Embeddings
from reid_eval.metrics import RetrievalReport
from reid_eval.metrics.ranks import MatchRanks, average_precision, first_hit_rank
from reid_eval.statistics.bootstrap import Interval, bootstrap_intervals
from reid_eval.statistics.slicings import label_matches

__all__ = ["Slice", "kept_ranks", "slice_report"]


@dataclass(frozen=True)
class Slice:
    """The figures of one slice.

    Attributes:
        by: what was cut by.
        name: of the slice.
        identities: people with a match in it.
        queries: queries with a match in it.
        matches: how many.
        mAP: mean average precision with its interval; None where there are too few identities.
        rank_1: Rank-1 accuracy with its interval; None likewise.
        note: why there are no figures; empty where there are.
    """

    by: str
    name: str
    identities: int
    queries: int
    matches: int
    mAP: Interval | None  # noqa: N815  the field's own name
    rank_1: Interval | None
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        figures = {
            "mAP": self.mAP.to_dict() if self.mAP else None,
            "rank_1": self.rank_1.to_dict() if self.rank_1 else None,
        }
        return {**vars(self), **figures}


def slice_report(
    report: RetrievalReport,
    query: Embeddings,
    gallery: Embeddings,
    by: Sequence[str],
    *,
    sidecar: pd.DataFrame | None = None,
    fewest_identities: int = 10,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[Slice, ...]:
    """Cut a report into slices.

    Args:
        report: what [`evaluate`][reid_eval.evaluation.evaluate] said about these embeddings.
        query: the queries.
        gallery: the gallery.
        by: names of `reid_eval.statistics.slicings.BUILT_IN_SLICINGS`, or columns.
        sidecar: further columns of the queries, keyed by ``path`` or ``pid``.
        fewest_identities: a slice with fewer has no figures, and says so.
        confidence: of the intervals.
        resamples: how many times people are drawn for them.
        seed: which draws.

    Returns:
        The slices of each cut, by name; matches of which too little is known are in none.

    Raises:
        ValueError: the report did not keep its ranks or is about other queries, a cut is unknown
            or lacks what it needs, or ``fewest_identities`` is below 2.
    """
    if fewest_identities < 2:
        raise ValueError(f"fewest_identities must be at least 2, got {fewest_identities}")
    if len(report.skip_reason) != len(query):
        raise ValueError(f"the report is about {len(report.skip_reason)} queries, not {len(query)}")
    ranks = report.ranks
    if ranks is None:
        raise ValueError("the report did not keep the ranks of its matches; evaluate again")
    rows = np.repeat(ranks.query, np.diff(ranks.start))
    slices = []
    for cut in by:
        labels = label_matches(
            cut, query, gallery, query_rows=rows, gallery_rows=ranks.column, sidecar=sidecar
        )
        for name in sorted(set(labels) - {""}, key=_natural):
            kept = kept_ranks(ranks, labels == name)
            pids = query.pids[kept.query]
            figures: list[Interval] | None = None
            if len(np.unique(pids)) >= fewest_identities:
                figures = bootstrap_intervals(
                    _figures(kept, report),
                    pids,
                    confidence=confidence,
                    resamples=resamples,
                    seed=seed,
                )
            slices.append(_slice(cut, name, kept, pids, figures, fewest_identities))
    return tuple(slices)


def kept_ranks(ranks: MatchRanks, kept: NDArray[np.bool_]) -> MatchRanks:
    """The ranks that some matches have when the others are left out of the gallery.

    Args:
        ranks: of N matches.
        kept: which of them stay (N,).

    Returns:
        The ranks of the queries that keep a match.
    """
    owner = np.repeat(np.arange(len(ranks.query)), np.diff(ranks.start))
    gone = np.concatenate([[0], np.cumsum(~kept)])
    before = gone[:-1] - gone[ranks.start[:-1]][owner]
    counts = np.bincount(owner[kept], minlength=len(ranks.query))
    stays = counts > 0
    return MatchRanks(
        query=ranks.query[stays],
        start=np.concatenate([[0], np.cumsum(counts[stays])]),
        rank=(ranks.rank - before)[kept],
        column=ranks.column[kept],
    )


def _figures(ranks: MatchRanks, report: RetrievalReport) -> NDArray[np.float64]:
    definition = report.protocol["average_precision"]
    precision = average_precision(ranks, definition)
    return np.stack([precision, (first_hit_rank(ranks) == 1).astype(np.float64)], axis=1)


def _slice(
    by: str,
    name: str,
    kept: MatchRanks,
    pids: NDArray[np.int64],
    figures: list[Interval] | None,
    fewest: int,
) -> Slice:
    people = len(np.unique(pids))
    note = "" if figures else f"too few identities: {people}, at least {fewest} are needed"
    mean, first = figures or (None, None)
    return Slice(by, name, people, len(pids), len(kept.rank), mean, first, note)


def _natural(name: str) -> tuple[tuple[int, int | str], ...]:
    """Sorts numbers in a name by their value."""
    words = name.replace(",", "").split()
    return tuple((0, int(word)) if word.isdigit() else (1, word) for word in words)
