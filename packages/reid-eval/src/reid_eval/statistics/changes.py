"""The queries whose result changed most between two evaluations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from reid_eval.statistics.paired import Comparison

__all__ = ["ChangedQuery", "most_changed"]


@dataclass(frozen=True)
class ChangedQuery:
    """One query of two evaluations; the pairs hold the first's figure and the second's."""

    path: str
    pid: int
    average_precision: tuple[float, float]
    first_hit_rank: tuple[int, int]

    @property
    def difference(self) -> float:
        """Second minus first average precision."""
        return self.average_precision[1] - self.average_precision[0]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, the difference included."""
        return {**vars(self), "difference": self.difference}


def most_changed(comparison: Comparison, *, count: int = 10) -> dict[str, tuple[ChangedQuery, ...]]:
    """The queries that gained and that lost most average precision.

    Args:
        comparison: of two evaluations.
        count: most queries of either kind.

    Returns:
        ``gained`` and ``lost``, the largest change first; queries that did not change are in
        neither.
    """
    differences = np.nan_to_num(comparison.differences)
    order = np.argsort(differences, kind="stable")
    gained = [row for row in order[::-1][:count] if differences[row] > 1e-12]
    lost = [row for row in order[:count] if differences[row] < -1e-12]
    return {
        name: tuple(_changed(comparison, int(row)) for row in rows)
        for name, rows in (("gained", gained), ("lost", lost))
    }


def _changed(comparison: Comparison, row: int) -> ChangedQuery:
    sides = comparison.first.report, comparison.second.report
    before, after = (float(side.average_precision[row]) for side in sides)
    best, now = (int(side.first_hit_rank[row]) for side in sides)
    first = comparison.first
    return ChangedQuery(str(first.paths[row]), int(first.pids[row]), (before, after), (best, now))
