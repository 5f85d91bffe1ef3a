"""Searching on objectives that cost nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reid_core.tuning import Report, Study, parse_search, run_study

SPACE = parse_search(["lr=log:1e-5:1e-1", "width=int:1:9", "pooling=avg,gem,max"])


def planted(values: Mapping[str, Any], folder: str, report: Report) -> float:
    """Best, with 1, at lr 1e-3, width 5 and gem."""
    distance = (math.log10(values["lr"]) + 3) ** 2 / 4 + (values["width"] - 5) ** 2 / 16
    return 1.0 - distance - 0.3 * (values["pooling"] != "gem")


def test_a_planted_optimum_is_found_better_than_by_chance(tmp_path: Path) -> None:
    study = run_study(SPACE, planted, file=tmp_path / "study.db", trials=30, seed=1)
    assert len(study.trials) == 30
    best = study.best
    assert best is not None
    assert best.score == max(trial.score or 0.0 for trial in study.trials)
    assert best.values["pooling"] == "gem"
    assert abs(best.values["width"] - 5) <= 1
    assert 1e-4 < best.values["lr"] < 1e-2
    late = np.mean([trial.score for trial in study.trials[20:]])
    assert late > np.mean([trial.score for trial in study.trials[:10]]) + 0.2
    assert sum(study.importances.values()) == pytest.approx(1.0)
    assert set(study.importances) == {"lr", "width", "pooling"}


def test_the_same_seed_proposes_the_same_values(tmp_path: Path) -> None:
    one, two = (
        run_study(SPACE, planted, file=tmp_path / name, trials=4, seed=3) for name in ("a", "b")
    )
    assert [trial.values for trial in one.trials] == [trial.values for trial in two.trials]


def test_trials_that_are_behind_are_pruned(tmp_path: Path) -> None:
    epochs = []

    def learning(values: Mapping[str, Any], folder: str, report: Report) -> float:
        score = planted(values, folder, report)
        epochs.append(0)
        for epoch in range(1, 6):
            report(epoch, score * epoch / 5)
            epochs[-1] += 1
        return score

    study = run_study(SPACE, learning, file=tmp_path / "study.db", trials=12, seed=1)
    pruned = [trial for trial in study.trials if trial.state == "pruned"]
    assert 0 < len(pruned) < 10
    assert all(epochs[trial.number] < 5 for trial in pruned)
    assert study.best is not None
    assert study.best.state == "complete"
    assert study.best.score > max(trial.score or 0.0 for trial in pruned)
    bare = run_study(SPACE, learning, file=tmp_path / "b.db", trials=8, seed=1, prune=False)
    assert {trial.state for trial in bare.trials} == {"complete"}


def test_a_killed_study_goes_on_with_the_trial_that_was_running(tmp_path: Path) -> None:
    seen: list[tuple[dict[str, Any], str]] = []

    class Kill(BaseException):
        pass

    def killed(values: Mapping[str, Any], folder: str, report: Report) -> float:
        seen.append((dict(values), folder))
        if len(seen) == 3:
            raise Kill
        return planted(values, folder, report)

    file = tmp_path / "study.db"
    with pytest.raises(Kill):
        run_study(SPACE, killed, file=file, trials=6, seed=1)
    study = run_study(SPACE, killed, file=file, trials=6, seed=1)
    assert seen[3] == seen[2]  # the same values in the same folder
    assert len(seen) == 7
    assert sum(trial.state == "complete" for trial in study.trials) == 6
    assert len({tuple(values.values()) for values, _ in seen}) == 6  # none proposed again
    again = run_study(SPACE, killed, file=file, trials=6, seed=1)
    assert len(seen) == 7
    assert again == study


def test_a_trial_that_fails_is_counted_and_the_study_goes_on(tmp_path: Path) -> None:
    def picky(values: Mapping[str, Any], folder: str, report: Report) -> float:
        if values["pooling"] == "avg":
            raise ValueError("no avg")
        return planted(values, folder, report)

    study = run_study(SPACE, picky, file=tmp_path / "study.db", trials=12, seed=0)
    states = {(trial.state, trial.values["pooling"] == "avg") for trial in study.trials}
    assert states == {("complete", False), ("fail", True)}


def test_a_study_in_which_everything_fails_says_why(tmp_path: Path) -> None:
    calls = []

    def fail(values: Mapping[str, Any], folder: str, report: Report) -> float:
        calls.append(folder)
        raise ValueError("no such camera")

    with pytest.raises(ValueError, match="no trial succeeds; the last one: no such camera"):
        run_study(SPACE, fail, file=tmp_path / "study.db", trials=12)
    assert len(calls) == 3


def test_what_happens_after_each_trial_sees_the_study(tmp_path: Path) -> None:
    seen: list[Study] = []
    run_study(SPACE, planted, file=tmp_path / "s.db", trials=3, after=seen.append)
    assert [len(study.trials) for study in seen] == [1, 2, 3]
