"""Intervals against naive loops, scipy and simulated truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from reid_eval.statistics.bootstrap import (
    bootstrap_intervals,
    by_identity,
    resampled_means,
)


@pytest.fixture
def queries() -> tuple[np.ndarray, np.ndarray]:
    """Skewed values of 25 people with one to nine queries each."""
    generator = np.random.default_rng(4)
    pids = np.repeat(np.arange(25) * 10, generator.integers(1, 10, 25))
    own = generator.beta(2, 0.7, 25)[pids // 10]
    return np.clip(own + generator.normal(0, 0.1, len(pids)), 0, 1), pids


def naive_means(values: np.ndarray, pids: np.ndarray, *, resamples: int, seed: int) -> np.ndarray:
    """The cluster bootstrap as a textbook has it: concatenate what each drawn person asked."""
    generator = np.random.default_rng(seed)
    people = [values[pids == pid] for pid in np.unique(pids)]
    return np.array(
        [
            np.concatenate(
                [people[i] for i in generator.integers(len(people), size=len(people))]
            ).mean()
            for _ in range(resamples)
        ]
    )


def test_resampled_means_are_those_of_a_naive_loop_with_the_same_draws(
    queries: tuple[np.ndarray, np.ndarray],
) -> None:
    values, pids = queries
    ours = resampled_means(by_identity(values, pids), resamples=200, seed=3)
    assert np.allclose(ours[:, 0], naive_means(values, pids, resamples=200, seed=3), atol=1e-12)


def test_blocks_of_resamples_do_not_change_what_is_drawn(
    queries: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    people = by_identity(*queries)
    whole = resampled_means(people, resamples=150, seed=3)
    monkeypatch.setattr("reid_eval.statistics.bootstrap._CELLS", 7 * len(people))
    assert np.allclose(resampled_means(people, resamples=150, seed=3), whole, atol=1e-14)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_bounds_agree_with_scipy_where_each_person_asks_once(method: str) -> None:
    values = np.random.default_rng(0).beta(3, 0.6, 60)
    [ours] = bootstrap_intervals(values, np.arange(60), resamples=20_000, method=method)  # type: ignore[arg-type]
    theirs = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=20_000,
        method="BCa" if method == "bca" else method,
        random_state=np.random.default_rng(1),
    ).confidence_interval
    width = theirs.high - theirs.low
    assert ours.low == pytest.approx(theirs.low, abs=0.04 * width)
    assert ours.high == pytest.approx(theirs.high, abs=0.04 * width)


def test_asking_more_often_about_the_same_people_makes_nobody_surer() -> None:
    generator = np.random.default_rng(1)
    own, pids = generator.beta(2, 1, 40), np.arange(40)
    once = bootstrap_intervals(own, pids)
    nine_times = bootstrap_intervals(np.repeat(own, 9), np.repeat(pids, 9))
    [a], [b] = once, nine_times
    assert (b.low, b.high) == pytest.approx((a.low, a.high), abs=1e-12)
    [naive] = bootstrap_intervals(np.repeat(own, 9), np.arange(360))
    assert (naive.high - naive.low) < 0.5 * (a.high - a.low)


def test_more_confidence_is_a_wider_interval_and_the_seed_decides(
    queries: tuple[np.ndarray, np.ndarray],
) -> None:
    widths = []
    for confidence in (0.5, 0.9, 0.99):
        [interval] = bootstrap_intervals(*queries, confidence=confidence)
        assert interval.low < interval.value < interval.high
        assert interval.confidence == confidence
        widths.append(interval.high - interval.low)
    assert widths == sorted(widths)
    assert bootstrap_intervals(*queries, seed=5) == bootstrap_intervals(*queries, seed=5)
    assert bootstrap_intervals(*queries, seed=5) != bootstrap_intervals(*queries, seed=6)


def test_where_everything_is_perfect_the_interval_has_no_width() -> None:
    for method in ("bca", "percentile"):
        [interval] = bootstrap_intervals(np.ones(12), np.arange(12) // 2, method=method)  # type: ignore[arg-type]
        assert (interval.low, interval.value, interval.high) == (1, 1, 1)


@pytest.mark.parametrize(
    ("values", "pids", "options", "message"),
    [
        ([0.5, 0.6], [3, 3], {}, "at least 2 identities"),
        ([0.5, np.nan], [3, 4], {}, "not finite"),
        ([], [], {}, "one pid a query"),
        ([0.5, 0.4], [3], {}, "one pid a query"),
        ([0.5, 0.4], [3, 4], {"confidence": 95}, "between 0 and 1"),
        ([0.5, 0.4], [3, 4], {"resamples": 10}, "at least 100"),
        ([0.5, 0.4], [3, 4], {"method": "normal"}, "'bca' or 'percentile'"),
    ],
)
def test_what_gives_no_interval_is_refused(
    values: list[float], pids: list[int], options: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        bootstrap_intervals(values, pids, **options)  # type: ignore[arg-type]


@pytest.mark.slow
def test_nineteen_of_twenty_intervals_hold_the_truth() -> None:
    generator = np.random.default_rng(0)
    truth, held, naive = 2 / 3, 0, 0
    for trial in range(400):
        pids = np.repeat(np.arange(60), 5)
        own = generator.beta(2, 1, 60)[pids]
        [interval] = bootstrap_intervals(own, pids, resamples=1000, seed=trial)
        held += interval.low <= truth <= interval.high
        [interval] = bootstrap_intervals(own, np.arange(300), resamples=1000, seed=trial)
        naive += interval.low <= truth <= interval.high
    assert 0.92 <= held / 400 <= 0.98
    assert naive / 400 < 0.75  # what resampling queries would have promised
