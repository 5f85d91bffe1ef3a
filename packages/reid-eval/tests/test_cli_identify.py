"""``reid-eval identify --threshold``: who is called unknown, and what is refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reid_eval.embeddings import Embeddings

Make = Callable[..., Embeddings]
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(script: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.chdir(tmp_path)

    return partial(script, "reid-eval", "identify")


def answer(call: Call, *arguments: object) -> Any:
    code, out, err = call(*arguments, "--json")
    assert code == 0, err
    return json.loads(out)


@pytest.fixture
def folders(make: Make, tmp_path: Path) -> tuple[object, ...]:
    """Queries of 40 people of whom 20 are in the gallery, and other people for validation."""
    generator = np.random.default_rng(0)

    def images(pids: np.ndarray, seed: int) -> np.ndarray:
        own = np.random.default_rng(seed).normal(size=(1000, 12))[pids]
        return own + generator.normal(0, 0.35, own.shape)

    people = np.arange(40)
    make(images(people, 1), people, [1] * 40).save(tmp_path / "query")
    half = np.repeat(np.arange(20), 2)
    make(images(half, 1), half, [2] * 40).save(tmp_path / "gallery")
    others = np.repeat(np.arange(100, 160), 3)
    make(images(others, 1), others, [1, 2, 3] * 60).save(tmp_path / "validation")
    return ("--query", tmp_path / "query", "--gallery", tmp_path / "gallery")


def test_auto_turns_unknown_people_away_and_names_the_known(
    call: Call, folders: tuple[object, ...], tmp_path: Path
) -> None:
    always = answer(call, *folders)
    assert always["threshold"] is None
    assert always["accuracy_absent"] == 0
    file = tmp_path / "calibration.json"
    validation = ("--validation", tmp_path / "validation", "--calibration", file)
    auto = answer(call, *folders, "--threshold", "auto", "--fpir", 0.05, *validation)
    assert auto["accuracy_absent"] >= 0.8
    assert auto["accuracy_present"] >= 0.8
    assert auto["accuracy"] > always["accuracy"] + 0.3
    with Path("result.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 40
    assert sum(row["predicted class"] == "unknown" for row in rows) == auto["unknown"]
    likely = [float(row["probability"]) for row in rows]
    assert np.mean(likely[:20]) > 0.8 > 0.3 > np.mean(likely[20:])
    again = answer(call, *folders, "--threshold", "auto", "--calibration", file)
    assert {**again, "images_per_second": 0} == {**auto, "images_per_second": 0}


def test_the_table_tells_both_accuracies(
    call: Call, folders: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    code, out, err = call(*folders, "--threshold", 0.7)
    assert code == 0, err
    assert "accuracy, in gallery" in out
    assert "accuracy, not in gallery" in out
    code, out, _ = call(*folders)
    assert code == 0
    assert "in gallery" not in out


def test_a_threshold_out_of_nowhere_is_refused(
    call: Call, folders: tuple[object, ...], make: Make, tmp_path: Path
) -> None:
    (tmp_path / "broken.json").write_text("{}")
    make(np.eye(3), [1, 2, 3], [1, 1, 1]).save(tmp_path / "alone")
    for options, message in (
        (("--threshold", "auto"), "--validation FOLDER"),
        (("--threshold", "high"), "auto or a cosine similarity"),
        (("--threshold", "1.5"), "auto or a cosine similarity"),
        (("--threshold", "nan"), "auto or a cosine similarity"),
        (("--threshold", "auto", "--calibration", tmp_path / "none.json"), "cannot be read"),
        (("--threshold", "auto", "--calibration", tmp_path / "broken.json"), "no calibration"),
        (("--threshold", "auto", "--validation", tmp_path / "nowhere"), "is no folder"),
        (("--threshold", "auto", "--validation", tmp_path / "alone"), "two cameras"),
        (("--threshold", "auto", "--fpir", 1, "--validation", tmp_path / "alone"), "--fpir"),
    ):
        code, out, err = call(*folders, *options)
        assert (code, out) == (2, ""), err
        assert message in err
    assert not Path("result.csv").exists()
