"""Comparison: p-values against scipy and exhaustive flips, alignment, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from reid_eval.statistics import QueryResults, compare, most_changed
from reid_eval.statistics.paired import sign_flip_p_values

MakeResults = Callable[..., QueryResults]


def test_p_values_are_those_of_all_possible_flips() -> None:
    sums = np.random.default_rng(1).normal(0.5, 1, (9, 1))
    observed = abs(sums.sum())
    flips = [abs((np.array(signs) * sums[:, 0]).sum()) for signs in product((-1, 1), repeat=9)]
    exact = np.mean([flip >= observed - 1e-12 for flip in flips])
    assert sign_flip_p_values(sums, flips=40_000)[0] == pytest.approx(exact, abs=0.01)


def test_p_values_agree_with_scipys_permutation_test() -> None:
    before, after = np.random.default_rng(3).normal([[0.0], [0.3]], 1, (2, 40))
    theirs = stats.permutation_test(
        (after, before),
        lambda a, b: np.mean(a - b),
        permutation_type="samples",
        n_resamples=20_000,
        random_state=np.random.default_rng(0),
    ).pvalue
    assert sign_flip_p_values((after - before)[:, None], flips=20_000)[0] == pytest.approx(
        theirs, abs=0.015
    )


def test_a_better_model_is_found_better(results: MakeResults) -> None:
    generator = np.random.default_rng(0)
    pids = np.arange(120) // 3
    before = generator.uniform(0.2, 0.8, 120)
    after = before + 0.05 + generator.normal(0, 0.05, 120)
    before[5] = after[5] = np.nan
    found = compare(results(before, pids), results(after, pids))
    change = {one.metric: one for one in found.changes}["mAP"]
    assert change.difference.value == pytest.approx(np.nanmean(after) - np.nanmean(before))
    assert change.second - change.first == pytest.approx(change.difference.value)
    assert 0 < change.difference.low < change.difference.high
    assert change.p_value < 0.001
    own = [np.nanmean((after - before)[pids == pid]) for pid in range(40)]
    assert change.effect_size == pytest.approx(np.mean(own) / np.std(own, ddof=1))
    assert (change.better, change.worse) == (sum(d > 0 for d in own), sum(d < 0 for d in own))
    assert found.people == 40


def test_the_order_of_the_queries_does_not_matter(results: MakeResults) -> None:
    generator = np.random.default_rng(7)
    before, after, pids = generator.uniform(size=30), generator.uniform(size=30), np.arange(30) // 2
    names = [f"{row}.jpg" for row in range(30)]
    order = generator.permutation(30)
    first = results(before, pids, names)
    shuffled = results(after[order], pids[order], [names[row] for row in order])
    assert compare(first, shuffled).changes == compare(first, results(after, pids, names)).changes


def test_a_model_is_as_good_as_itself(results: MakeResults) -> None:
    one = results([0.3, 0.6, 0.9, np.nan], [1, 1, 2, 3])
    for change in compare(one, one).changes:
        assert (change.difference.value, change.difference.low, change.difference.high) == (0, 0, 0)
        assert (change.p_value, change.effect_size) == (1, 0)
        assert (change.better, change.worse) == (0, 0)
    assert most_changed(compare(one, one)) == {"gained": (), "lost": ()}


def test_where_all_gain_alike_there_is_no_spread_to_measure_by(results: MakeResults) -> None:
    found = compare(results([0.25, 0.5], [1, 2]), results([0.5, 0.75], [1, 2]))
    assert found.changes[0].effect_size is None


def test_queries_that_changed_most_come_first(results: MakeResults) -> None:
    before, after = [0.9, 0.5, 0.2, np.nan, 0.4, 0.6], [0.1, 0.6, 0.9, np.nan, 0.4, 0.5]
    found = most_changed(compare(results(before, range(6)), results(after, range(6))), count=2)
    assert [one.path for one in found["gained"]] == ["002.jpg", "001.jpg"]
    assert [one.path for one in found["lost"]] == ["000.jpg", "005.jpg"]
    worst = found["lost"][0]
    assert worst.average_precision == (0.9, 0.1)
    assert worst.first_hit_rank == (1, 7)
    assert worst.difference == pytest.approx(-0.8)


def test_results_come_back_from_disk(results: MakeResults, tmp_path: Path) -> None:
    one = results([0.3, np.nan, 0.9], [1, 5, 2])
    one.save(tmp_path / "report.json", more={"intervals": {}})
    again = QueryResults.load(tmp_path)
    assert again.to_dict() == one.to_dict()
    assert np.isnan(again.report.average_precision[1])
    assert again.root == Path("pictures")


def test_reports_that_cannot_be_compared_are_refused(results: MakeResults) -> None:
    one = results([0.3, 0.9], [1, 2])
    for other, message in (
        (results([0.3, 0.9], [1, 2], ["000.jpg", "x.jpg"]), "2 images are a query of one only"),
        (results([0.3], [1]), "1 images are a query of one only, such as 001.jpg"),
        (results([0.3, 0.9], [1, 3]), "other identities"),
        (results([0.3, np.nan], [1, 2]), "3 matches in one and 0 in the other"),
        (results([0.3, 0.9], [1, 2], camera_filter="none"), "camera filter"),
        (results([0.3, 0.9], [1, 2], gallery_size=7), "gallery size"),
    ):
        with pytest.raises(ValueError, match=message):
            compare(one, other)
    with pytest.raises(ValueError, match="at least 2 identities"):
        compare(results([0.3, 0.9], [1, 1]), results([0.4, 0.9], [1, 1]))
    with pytest.raises(ValueError, match="the query of two rows"):
        compare(one, results([0.3, 0.9], [1, 2], ["a.jpg", "a.jpg"]))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"queries": {"path": []}}'])
def test_what_is_no_report_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(text)
    with pytest.raises(ValueError, match=r"report\.json"):
        QueryResults.load(tmp_path)
    with pytest.raises(ValueError, match="is missing"):
        QueryResults.load(tmp_path / "nothing")


@pytest.mark.slow
def test_equally_good_models_are_called_different_one_time_in_twenty() -> None:
    generator = np.random.default_rng(5)
    called = 0
    for trial in range(1000):
        own = generator.standard_t(3, size=(30, 1))  # heavy tails, symmetric
        called += sign_flip_p_values(own, flips=499, seed=trial)[0] <= 0.05
    assert 0.03 <= called / 1000 <= 0.07
