"""Intervals of a report."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from reid_eval.statistics import QueryResults, confidence_intervals

MakeResults = Callable[..., QueryResults]


def test_the_values_are_the_figures_of_the_report_and_skipped_queries_take_no_part(
    results: MakeResults,
) -> None:
    generator = np.random.default_rng(2)
    values = generator.uniform(size=80)
    values[[3, 40]] = np.nan
    one = results(values, np.arange(80) // 4)
    intervals = confidence_intervals(one.report, one.pids)
    assert list(intervals) == ["mAP", "Rank-1", "Rank-5", "Rank-10", "mINP"]
    summary = {row["metric"]: row["value"] for row in one.report.summary()}
    for name, interval in intervals.items():
        assert interval.value == pytest.approx(summary[name], abs=1e-12)
        assert interval.low <= interval.value <= interval.high
    assert intervals["Rank-10"].low == 1

    kept = results(values[~np.isnan(values)], (np.arange(80) // 4)[~np.isnan(values)])
    assert confidence_intervals(kept.report, kept.pids) == intervals


def test_what_does_not_belong_together_is_refused(results: MakeResults) -> None:
    one = results([0.5, 0.7, np.nan], [1, 1, 2])
    with pytest.raises(ValueError, match="2 pids for a report of 3 queries"):
        confidence_intervals(one.report, [1, 2])
    with pytest.raises(ValueError, match="at least 2 identities"):
        confidence_intervals(one.report, one.pids)
    with pytest.raises(ValueError, match="ranks count from 1"):
        confidence_intervals(one.report, one.pids, ranks=(0,))
