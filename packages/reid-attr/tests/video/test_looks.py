"""Crops, how well somebody is seen in them, and what is remembered of a track."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from reid_attr.video import Detections
from reid_attr.video.ahead import chunks_ahead, done_behind
from reid_attr.video.crops import cut
from reid_attr.video.measuring import compare_tracks
from reid_attr.video.quality import qualities, sharpness
from reid_attr.video.smoothing import Smoother

NAMES = ["frame", "track", "left", "top", "width", "height"]


def person(level: float = 1.0, *, blur: int = 0) -> np.ndarray:
    """Something with edges, (128, 64)."""
    rng = np.random.default_rng(0)
    coarse = np.kron(rng.uniform(0, 255, (16, 8)), np.ones((8, 8)))
    for _ in range(blur):
        coarse = sum(np.roll(coarse, shift, axis) for shift in (-1, 0, 1) for axis in (0, 1)) / 6
    grey = (coarse * level).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def quality(
    crop: np.ndarray, box: tuple[float, ...] = (10, 10, 74, 138), score: float = 1
) -> float:
    found = Detections(np.array([box], np.float32), np.array([score], np.float32))
    return float(qualities(crop[None], found, (352, 640))[0])


def test_boxes_are_cut_at_the_border_and_those_outside_left_out() -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    image[:, :20] = 250
    boxes = np.array([[-40, 10, 20, 90], [300, 10, 340, 90], [50, 10, 50.6, 90], [60, 10, 80, 90]])
    crops, rows = cut(image, boxes.astype(np.float32), (32, 16))
    assert crops.shape == (2, 32, 16, 3)
    assert rows.tolist() == [0, 3]
    assert (crops[0] == 250).all()
    assert (crops[1] == 0).all()


def test_nobody_gives_no_crops() -> None:
    crops, rows = cut(np.zeros((9, 9, 3), np.uint8), np.empty((0, 4), np.float32), (32, 16))
    assert crops.shape == (0, 32, 16, 3)
    assert len(rows) == 0


def test_small_dark_glaring_blurred_hidden_and_cut_people_are_seen_worse() -> None:
    best = quality(person())
    assert 0.5 < best <= 1
    worse = {
        "small": quality(person(), box=(10, 10, 26, 42)),
        "dark": quality(person(0.1)),
        "glaring": quality((person() // 50 + 250).astype(np.uint8)),
        "blurred": quality(person(blur=8)),
        "hidden": quality(person(), score=0.3),
        "cut": quality(person(), box=(-54, 10, 10, 138)),
    }
    assert all(value < 0.8 * best for value in worse.values()), worse


def test_sharpness_is_of_focus_not_of_contrast() -> None:
    crops = np.stack([person(), person(0.5), person(blur=3), person(blur=8)])
    sharp, dim, soft, blurred = sharpness(crops)
    assert sharp == pytest.approx(dim, rel=0.05)
    assert sharp > 1.5 * soft > 2 * blurred


def test_smoothing_is_a_mean_weighted_by_quality_and_age() -> None:
    rng = np.random.default_rng(0)
    values, weights = rng.uniform(size=(7, 3)), rng.uniform(0.1, 1, 7)
    times = np.cumsum(rng.uniform(0, 1, 7))
    smoother = Smoother(half_life=0.7)
    for value, weight, time in zip(values, weights, times, strict=True):
        smoother.add(value, quality=weight, seconds=time)
    faded = weights * 0.5 ** ((times[-1] - times) / 0.7)
    assert smoother.lately == pytest.approx((faded[:, None] * values).sum(0) / faded.sum())
    assert smoother.overall == pytest.approx(np.average(values, axis=0, weights=weights))


def test_somebody_hardly_seen_is_still_described() -> None:
    smoother = Smoother()
    smoother.add(np.array([0.25]), quality=0.0, seconds=3.0)
    assert smoother.overall.tolist() == smoother.lately.tolist() == [0.25]


def test_purity_completeness_and_switches_of_a_hand_worked_case() -> None:
    """Track 1 shows person 7 twice, then person 8; person 7 goes on as track 2 and is then lost."""
    found = pd.DataFrame(
        [(0, 1, 0, 0, 10, 30), (1, 1, 0, 0, 10, 30), (2, 1, 50, 0, 10, 30), (2, 2, 0, 0, 10, 30)],
        columns=NAMES,
    )
    truth = pd.DataFrame(
        [(frame, who, left, 0, 10, 30) for frame in range(4) for who, left in ((7, 1), (8, 50))],
        columns=["frame", "id", *NAMES[2:]],
    )
    agreement = compare_tracks(found, truth)
    assert agreement.purity == 3 / 4
    assert agreement.completeness == 3 / 4
    assert agreement.found == 4 / 8
    assert agreement.switches == 1
    assert agreement.people == {1: 7, 2: 7}


def test_tracks_of_nobody_agree_with_nothing() -> None:
    truth = pd.DataFrame([(0, 7, 0, 0, 10, 30)], columns=["frame", "id", *NAMES[2:]])
    far = pd.DataFrame([(0, 1, 90, 0, 10, 30)], columns=NAMES)
    assert compare_tracks(far, truth).found == 0
    with pytest.raises(ValueError, match="no true boxes"):
        compare_tracks(far, truth.iloc[:0])


def test_chunks_come_in_order_and_errors_after_what_was_before() -> None:
    def items() -> object:
        yield from range(5)
        raise ValueError("broken")

    chunks = chunks_ahead(items(), 2)  # type: ignore[arg-type]
    assert [next(chunks), next(chunks)] == [[0, 1], [2, 3]]
    with pytest.raises(ValueError, match="broken"):
        next(chunks)


def test_work_is_done_in_order_and_its_errors_arrive() -> None:
    done: list[int] = []
    with done_behind() as hand_over:
        for number in range(9):
            hand_over(lambda number=number: done.append(number))  # type: ignore[misc]
    assert done == list(range(9))

    def fail() -> None:
        raise ValueError("disk full")

    with pytest.raises(ValueError, match="disk full"), done_behind() as hand_over:
        hand_over(fail)
