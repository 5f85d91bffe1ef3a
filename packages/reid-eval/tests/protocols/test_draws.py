"""Protocols with random galleries: VehicleID and classic CUHK03."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reid_eval.evaluation import evaluate_protocol
from reid_eval.protocols import RandomGallery, SingleGalleryShot, make_protocol


def images(tools: Any, *, people: int = 6, each: int = 4, views: int = 2) -> Any:
    rng = np.random.default_rng(0)
    pids = np.repeat(np.arange(people), each)
    looks = rng.normal(size=(people, 6))[pids]
    camids = np.tile(np.arange(each) % views + 1, people)
    return tools.build(looks + rng.normal(size=looks.shape), pid=pids, camid=camids)


def test_vehicleid_draws_one_image_each_and_asks_with_the_rest(tools: Any) -> None:
    everything = images(tools)
    divided = everything.take(np.arange(24) % 4 > 0), everything.take(np.arange(24) % 4 == 0)
    protocol = RandomGallery(trials=3, seed=4)
    for comparison in protocol.comparisons(*divided):
        assert sorted(comparison.gallery.pids) == list(range(6))
        shown, asked = set(comparison.gallery.table["path"]), set(comparison.query.table["path"])
        assert not shown & asked
        assert shown | asked == set(everything.table["path"])
    result = evaluate_protocol(*divided, protocol)
    assert len(result.trials) == 3
    for trial, comparison in zip(result.trials, protocol.comparisons(*divided), strict=True):
        # No camera is left out, and there is one match: AP is one over its rank.
        expected = tools.naive(comparison.query, comparison.gallery, lambda *_: False)
        tools.agree(trial.report, expected)
        np.testing.assert_allclose(trial.report.average_precision, 1 / trial.report.first_hit_rank)
    means = [trial.report.rank(1) for trial in result.trials]
    row = next(row for row in result.summary() if row["metric"] == "Rank-1")
    assert row["value"] == pytest.approx(np.mean(means))
    assert row["deviation"] == pytest.approx(np.std(means, ddof=1))


def test_vehicleid_does_not_care_how_the_images_were_divided(tools: Any) -> None:
    everything = images(tools)
    halves = everything.take(np.arange(24) < 9), everything.take(np.arange(24) >= 9)
    swapped = evaluate_protocol(halves[1], halves[0], RandomGallery(trials=2)).summary()
    assert evaluate_protocol(*halves, RandomGallery(trials=2)).summary() == swapped
    assert evaluate_protocol(everything, everything, RandomGallery(trials=2)).summary() == swapped


def test_cuhk03_asks_from_one_view_and_answers_with_one_shot_of_the_other(tools: Any) -> None:
    everything = images(tools)
    protocol = SingleGalleryShot(trials=3)
    drawn = list(protocol.comparisons(everything, everything))
    assert len(drawn) == 6
    for comparison in drawn:
        assert len(set(comparison.query.camids)) == 1
        assert not set(comparison.query.camids) & set(comparison.gallery.camids)
        assert sorted(comparison.gallery.pids) == list(range(6))
    result = evaluate_protocol(everything, everything, protocol)
    for number, trial in enumerate(result.trials):
        report = trial.report
        assert trial.queries["path"].tolist() == sorted(everything.table["path"])
        for comparison in drawn[2 * number : 2 * number + 2]:
            expected = tools.naive(comparison.query, comparison.gallery, lambda *_: False)
            precision = [answer[0] for answer in expected if answer]
            np.testing.assert_allclose(report.average_precision[comparison.rows], precision)
    assert len({tuple(each.gallery.table["path"]) for each in drawn[::2]}) > 1


def test_a_person_of_one_view_is_skipped(tools: Any) -> None:
    seen = tools.build(np.eye(3), pid=[1, 1, 2], camid=[1, 2, 1])
    report = evaluate_protocol(seen, seen, SingleGalleryShot(trials=1)).report
    assert report.skip_reason.tolist() == ["", "", "no identity in gallery"]


@pytest.mark.parametrize(
    ("name", "columns", "said"),
    [
        ("vehicleid", {"pid": [1, 2]}, "needs two images of an identity"),
        ("cuhk03-classic", {"pid": [1, 1]}, "needs camid for every image; 2 of 2 query"),
        ("cuhk03-classic", {"pid": [1, 1], "camid": [1, 1]}, "people seen by two cameras"),
    ],
)
def test_what_cannot_be_drawn_from_is_refused(
    tools: Any, name: str, columns: dict[str, Any], said: str
) -> None:
    table = tools.build(np.eye(2), **columns).table
    with pytest.raises(ValueError, match=said):
        make_protocol(name).check(table, table)


@pytest.mark.parametrize("name", ["vehicleid", "cuhk03-classic", "standard"])
def test_trials_and_seeds_are_checked(name: str) -> None:
    with pytest.raises(ValueError, match="trials must be 1 or more"):
        make_protocol(name, trials=0)
