"""Histograms of camera transitions against counting one pair of visits at a time."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray

from reid_eval.rerank import Transitions, fit_transitions

WIDTH, BINS = 50.0, 40


@pytest.fixture
def train() -> tuple[NDArray[np.int64], ...]:
    """Pids, camera ids and frames of some walks past five cameras, a few of them repeated."""
    generator = np.random.default_rng(5)
    pids = generator.integers(0, 25, 300)
    camids = generator.choice([1, 2, 4, 7, 9], 300)
    frames = pids * 90 + camids * 130 + generator.integers(0, 200, 300)
    return pids, camids, frames


def visits(pids: Any, camids: Any, frames: Any) -> dict[tuple[int, int], float]:
    seen: dict[tuple[int, int], list[int]] = {}
    for pid, camid, frame in zip(pids, camids, frames, strict=True):
        seen.setdefault((int(pid), int(camid)), []).append(int(frame))
    return {key: sum(times) / len(times) for key, times in seen.items()}


def counted(
    pids: Any, camids: Any, frames: Any, *, same: bool
) -> dict[tuple[int, int, int], float]:
    """(later camera, earlier camera, bin) -> pairs of visits."""
    counts: dict[tuple[int, int, int], float] = {}
    for ((pid_a, a), time_a), ((pid_b, b), time_b) in itertools.combinations(
        visits(pids, camids, frames).items(), 2
    ):
        if a == b or (pid_a == pid_b) != same:
            continue
        tie = (max(a, b), min(a, b))
        pair = (b, a) if time_b > time_a else (a, b) if time_a > time_b else tie
        index = min(int(abs(time_a - time_b) / WIDTH), BINS - 1)
        counts[*pair, index] = counts.get((*pair, index), 0) + 1
    return counts


def as_dict(cameras: Any, histograms: Any) -> dict[tuple[int, int, int], float]:
    return {
        (int(cameras[later]), int(cameras[earlier]), int(index)): float(
            histograms[later, earlier, index]
        )
        for later, earlier, index in zip(*np.nonzero(histograms), strict=True)
    }


def test_counts_every_pair_of_visits_once_in_its_direction(train: Any) -> None:
    fitted = fit_transitions(*train, bin_width=WIDTH, bins=BINS)
    assert fitted.cameras.tolist() == [1, 2, 4, 7, 9]
    assert as_dict(fitted.cameras, fitted.same) == counted(*train, same=True)
    assert as_dict(fitted.cameras, fitted.other) == counted(*train, same=False)


def test_long_times_count_in_the_last_bin_and_equal_ones_for_the_higher_camera() -> None:
    fitted = fit_transitions([1, 1, 2, 2], [3, 5, 5, 3], [0, 10**9, 70, 70], bins=4)
    assert as_dict(fitted.cameras, fitted.same) == {(5, 3, 3): 1, (5, 3, 0): 1}


def test_nobodys_images_and_any_container_of_numbers(train: Any) -> None:
    pids, camids, frames = train
    expected = fit_transitions(pids, camids, frames)
    more = (
        pd.Series([*pids, -1], dtype="Int64"),
        torch.tensor([*camids, 12]),
        pd.Series([*frames, 3], dtype="Int64"),
    )
    ours = fit_transitions(*more)
    np.testing.assert_array_equal(ours.cameras, expected.cameras)
    np.testing.assert_array_equal(ours.same, expected.same)
    np.testing.assert_array_equal(ours.other, expected.other)


def test_smoothing_is_the_published_parzen_window(train: Any) -> None:
    fitted = fit_transitions(*train, bin_width=WIDTH, bins=BINS)
    sigma = 4.0
    window = np.zeros((BINS, BINS))  # one row for each bin that is asked for
    for i, j in itertools.product(range(BINS), repeat=2):
        if abs(i - j) <= 3 * sigma:
            window[i, j] = math.exp(-((i - j) ** 2) / (2 * sigma**2))
    window /= sigma * math.sqrt(2 * math.pi)
    expected = np.zeros_like(fitted.same)
    for later, earlier in itertools.product(range(5), repeat=2):
        histogram = fitted.same[later, earlier]
        smoothed = window @ (histogram / (histogram.sum() + 1e-7))
        expected[later, earlier] = smoothed / (smoothed.sum() + 1e-7)
    ours = fitted.probability(sigma=sigma)
    np.testing.assert_allclose(ours, expected, atol=1e-12)
    sums = ours.sum(2)
    np.testing.assert_allclose(sums[fitted.same.sum(2) > 0], 1, atol=1e-6)
    assert not sums.diagonal().any()


def test_published_probabilities_stay_as_small_as_they_are_known_to_be() -> None:
    fitted = fit_transitions([1, 1, 2, 2], [1, 2, 1, 3], [0, 250_000, 0, 0])
    ours = fitted.probability()
    assert ours[1, 0].max() == pytest.approx(1 / (50 * math.sqrt(2 * math.pi)), rel=0.005)
    assert ours[2, 0].max() == pytest.approx(2 * ours[1, 0].max(), rel=0.02)  # cut off at bin 0


def test_likelihood_ratio_is_that_of_the_signed_time_difference(train: Any) -> None:
    fitted = fit_transitions(*train, bin_width=WIDTH, bins=BINS)
    ratio = fitted.log_likelihood_ratio(sigma=3.0, uniform=0.2)
    offsets = np.arange(-9, 10)
    window = np.exp(-(offsets**2) / 18) / (3 * math.sqrt(2 * math.pi))
    for a, b in itertools.permutations(range(5), 2):
        densities = []
        for counts in (fitted.same, fitted.other):
            # The axis runs from b long before a to b long after a.
            signed = np.convolve(np.concatenate([counts[a, b][::-1], counts[b, a]]), window)[9:-9]
            densities.append(0.8 * signed / signed.sum() + 0.2 / (2 * BINS))
        expected = np.log(densities[0] / densities[1])
        np.testing.assert_allclose(ratio[b, a], expected[BINS:], atol=1e-6)
        np.testing.assert_allclose(ratio[a, b], expected[:BINS][::-1], atol=1e-6)
    assert not ratio[range(5), range(5)].any()


def test_cameras_between_which_nobody_walked_say_nothing() -> None:
    fitted = fit_transitions([1, 1, 2], [1, 2, 3], [0, 500, 100])
    ratio = fitted.log_likelihood_ratio()
    assert not ratio[2].any()
    assert not ratio[:, 2].any()
    assert ratio[1, 0, 5] > 0 > ratio[0, 1, 4000]


# Files


def test_saved_and_loaded_is_the_same(train: Any, tmp_path: Path) -> None:
    fitted = fit_transitions(*train, bin_width=WIDTH, bins=BINS)
    fitted.save(tmp_path / "st.npz")
    loaded = Transitions.load(tmp_path / "st.npz")
    for name in ("cameras", "same", "other", "bin_width"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(fitted, name))
    assert [path.name for path in tmp_path.iterdir()] == ["st.npz"]


def test_a_write_that_fails_leaves_the_old_file(
    train: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted = fit_transitions(*train, bin_width=WIDTH, bins=BINS)
    fitted.save(tmp_path / "st.npz")
    before = (tmp_path / "st.npz").read_bytes()

    def full(*arguments: Any, **keywords: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(OSError, match="no space"):
        fitted.save(tmp_path / "st.npz")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [before]


class Surprise:
    """Calls a function of its choice when it is unpickled."""

    def __reduce__(self) -> Any:
        return Path.touch, (Path("executed"),)


def test_other_files_are_refused_and_never_executed(
    train: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("st.npz")
    whole = fit_transitions(*train, bin_width=WIDTH, bins=BINS)
    whole.save(path)
    arrays = dict(np.load(path))
    contents: list[dict[str, Any]] = [
        {"cameras": np.arange(2)},
        {**arrays, "format": np.array("something else")},
        {**arrays, "same": np.zeros((2, 3, 4))},
        {**arrays, "same": np.array([Surprise()], dtype=object)},
    ]
    for content in contents:
        np.savez(path, **content)
        with pytest.raises(ValueError, match="no file of camera transitions"):
            Transitions.load(path)
    for raw in (b"", b"PK\x03\x04 cut short", b"plain text"):
        path.write_bytes(raw)
        with pytest.raises(ValueError, match="no file of camera transitions"):
            Transitions.load(path)
    np.save("single.npy", np.arange(3))
    with pytest.raises(ValueError, match="no file of camera transitions"):
        Transitions.load("single.npy")
    assert not Path("executed").exists()
    with pytest.raises(FileNotFoundError):
        Transitions.load("missing.npz")


# Refusals


@pytest.mark.parametrize(
    "frames",
    [
        [None] * 4,
        [1, 2, None, 4],
        [1, 2, float("nan"), 4],
        [1, 2, -1, 4],
        pd.Series([1, 2, pd.NA, 4], dtype="Int64"),
    ],
)
def test_images_without_a_frame_number_are_refused(frames: Any) -> None:
    message = "needs a frame number for every image; [14] of 4 have none"
    with pytest.raises(ValueError, match=message):
        fit_transitions([1, 1, 2, 2], [1, 2, 1, 2], frames)


@pytest.mark.parametrize(
    ("pids", "camids", "frames", "keywords", "message"),
    [
        ([1, 1], [1, -1], [5, 6], {}, "1 of 2 have none"),
        ([1, 2], [1, 2], [5, 6], {}, "none of the 2 people was"),
        ([-1, -1], [1, 2], [5, 6], {}, "none of the 0 people was"),
        ([1, 1, 2], [1, 2], [5, 6], {}, r"came \(3,\), \(2,\) and \(2,\)"),
        ([1, 1], [1, 2], ["a", "b"], {}, "frames must be numbers"),
        ([1, 1], [1, 2], [5, 6], {"bins": 0}, "bins must be at least 1"),
        ([1, 1], [1, 2], [5, 6], {"bin_width": 0.0}, "bin_width must be above 0"),
    ],
)
def test_data_that_cannot_be_fitted_is_refused(
    pids: Any, camids: Any, frames: Any, keywords: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        fit_transitions(pids, camids, frames, **keywords)


def test_windows_out_of_range_are_refused(train: Any) -> None:
    fitted = fit_transitions(*train)
    with pytest.raises(ValueError, match="sigma must be 0 or more"):
        fitted.probability(sigma=-1)
    with pytest.raises(ValueError, match="uniform must be between 0 and 1"):
        fitted.log_likelihood_ratio(uniform=0)
