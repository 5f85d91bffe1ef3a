"""The report as numbers, as a table and as a file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from reid_eval.metrics import RetrievalReport, retrieval_metrics_from_distances


@pytest.fixture
def report() -> RetrievalReport:
    distances = np.array([[1.0, 2, 3], [3, 2, 1], [1, 2, 3]])
    return retrieval_metrics_from_distances(distances, [1, 1, 9], [1, 2, 3])


def test_summary_is_the_table_that_papers_print(report: RetrievalReport) -> None:
    rows = {row["metric"]: row["value"] for row in report.summary()}
    assert list(rows) == ["mAP", "Rank-1", "Rank-5", "Rank-10", "mINP"]
    assert rows == pytest.approx(
        {"mAP": 2 / 3, "Rank-1": 0.5, "Rank-5": 1.0, "Rank-10": 1.0, "mINP": 2 / 3}
    )


def test_shown_are_the_means_not_every_query(report: RetrievalReport) -> None:
    assert repr(report) == (
        "RetrievalReport(mAP=0.6667, Rank-1=0.5000, mINP=0.6667, queries=2, skipped=1)"
    )


def test_saved_json_has_every_query(report: RetrievalReport, tmp_path: Path) -> None:
    path = report.save(tmp_path / "report.json")
    saved = json.loads(path.read_text())
    assert saved == report.to_dict()
    assert saved["queries"]["average_precision"] == [1.0, pytest.approx(1 / 3), None]
    assert saved["valid"] == 2
    assert saved["skipped"] == {"no identity in gallery": 1}
    assert saved["protocol"]["gallery_size"] == 3
    assert len(saved["cmc"]) == 50


def test_a_failed_save_leaves_the_old_file(
    report: RetrievalReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")

    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("json.dump", fail)
    with pytest.raises(OSError, match="disk full"):
        report.save(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_cmc_needs_a_rank(report: RetrievalReport) -> None:
    with pytest.raises(ValueError, match="max_rank must be at least 1, got 0"):
        report.cmc(0)


def test_a_report_is_frozen(report: RetrievalReport) -> None:
    with pytest.raises(AttributeError):
        report.matches = report.first_hit_rank  # type: ignore[misc]
