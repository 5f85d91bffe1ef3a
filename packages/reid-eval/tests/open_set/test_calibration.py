"""Thresholds and probabilities, on simulated people whose truth is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reid_eval.embeddings import Embeddings
from reid_eval.open_set import Calibration, calibrate, evaluate_open_set
from reid_eval.open_set.calibration import fit_probability

Make = Callable[..., Embeddings]


def population(make: Make, seed: int, people: int = 200) -> tuple[Embeddings, Embeddings]:
    """One query and two gallery images a person, hard enough that a tenth is confused."""
    generator = np.random.default_rng(seed)
    own = generator.normal(size=(people, 8))
    pids = np.arange(people)

    def images(count: int) -> np.ndarray:
        return np.repeat(own, count, axis=0) + generator.normal(0, 0.35, (people * count, 8))

    query = make(images(1), pids, [1] * people)
    return query, make(images(2), np.repeat(pids, 2), [2] * (2 * people))


def test_the_threshold_keeps_the_wanted_error_on_other_people(make: Make) -> None:
    validation, test = population(make, 0), population(make, 1)
    for wanted in (0.05, 0.2):
        chosen = calibrate(*validation, fpir=wanted)
        assert chosen.fpir <= wanted
        report = evaluate_open_set(*test, held_out=0.5)
        assert report.detection.fpir(chosen.threshold) == pytest.approx(wanted, abs=0.08)
        assert report.detection.dir(chosen.threshold) == pytest.approx(chosen.tpir, abs=0.12)


@pytest.mark.parametrize("method", ["isotonic", "platt"])
def test_probabilities_are_shares_of_right_answers(make: Make, method: Any) -> None:
    chosen = calibrate(*population(make, 0, 400), method=method)
    other = calibrate(*population(make, 1, 400), method=method)
    scores = np.linspace(0.6, 1, 30)
    assert (np.diff(chosen.probability(scores)) >= 0).all()
    assert np.abs(chosen.probability(scores) - other.probability(scores)).mean() < 0.06
    assert chosen.probability(-1.0) < 0.05
    assert chosen.probability(1.0) > 0.9
    # Fewer known people make every answer less likely right.
    rare = calibrate(*population(make, 0, 400), method=method, known_share=0.1)
    assert rare.probability(0.95) < chosen.probability(0.95)


def test_platts_curve_is_the_logistic_one_that_made_the_data() -> None:
    generator = np.random.default_rng(0)
    scores = generator.uniform(-1, 1, 20_000)
    truth = 1 / (1 + np.exp(-(6 * scores - 2)))
    right = generator.uniform(size=20_000) < truth
    places, probability = fit_probability(scores, right, np.ones(20_000), method="platt")
    assert np.abs(probability - 1 / (1 + np.exp(-(6 * places - 2)))).max() < 0.03
    places, probability = fit_probability(scores, right, np.ones(20_000), method="isotonic")
    middle = np.abs(places) < 0.95
    assert np.abs(probability - 1 / (1 + np.exp(-(6 * places - 2))))[middle].max() < 0.1


@pytest.mark.parametrize("method", ["isotonic", "platt"])
def test_perfect_separation_still_has_a_curve(make: Make, method: Any) -> None:
    people = make(np.eye(6), range(6), [1] * 6), make(np.eye(6), range(6), [2] * 6)
    chosen = calibrate(*people, fpir=0, method=method)
    assert chosen.tpir == 1
    assert 0 < chosen.threshold <= 1
    assert chosen.probability(1.0) > 0.8
    assert chosen.probability(0.0) < 0.2


def test_a_calibration_comes_back_from_disk(make: Make, tmp_path: Path) -> None:
    sides = population(make, 0, 30)
    chosen = calibrate(*sides)
    again = Calibration.load(chosen.save(tmp_path / "new" / "calibration.json"))
    assert again.threshold == chosen.threshold
    scores = np.linspace(-1, 1, 50)
    assert again.probability(scores).tolist() == chosen.probability(scores).tolist()
    again.check_model(sides[0])
    with pytest.raises(ValueError, match="another model"):
        again.check_model(make(np.eye(2), [1, 2], fingerprint="other"))


def test_what_cannot_be_calibrated_or_read_is_refused(make: Make, tmp_path: Path) -> None:
    sides = population(make, 0, 5)
    for options, message in (
        ({"fpir": 1.0}, "fpir must lie"),
        ({"known_share": 1.0}, "known_share"),
        ({"method": "linear"}, "'isotonic' or 'platt'"),
    ):
        with pytest.raises(ValueError, match=message):
            calibrate(*sides, **options)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 2 identities"):
        calibrate(sides[0].take([0]), sides[1])
    file = tmp_path / "calibration.json"
    with pytest.raises(ValueError, match="cannot be read"):
        Calibration.load(file)
    for text, message in (
        ("{", "cannot be read"),
        ("[]", "no calibration"),
        (json.dumps({"format": "reid-eval calibration", "threshold": 0.5}), "damaged"),
    ):
        file.write_text(text)
        with pytest.raises(ValueError, match=message):
            Calibration.load(file)
