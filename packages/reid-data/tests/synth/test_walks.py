"""Walks: the same person, place and light, one frame after the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reid_data.synth import Difficulty, Shot, Studio, open_studio

STEPS = 40


@pytest.fixture(scope="module")
def studio() -> Studio:
    return open_studio(cameras=4, seed=2)


def walk(pid: int, camid: int, steps: int = STEPS, **more) -> list[Shot]:
    start = Shot("train", pid, camid, index=0, frame=100, tracklet=7)
    return [replace(start, step=step, frame=100 + step, **more) for step in range(steps)]


def test_joints_move_smoothly_and_as_a_gait(studio: Studio) -> None:
    for pid in range(1, 9):
        points = np.stack([studio.draw(shot).keypoints for shot in walk(pid, 1 + pid % 4)])
        steps = np.linalg.norm(np.diff(points, axis=0), axis=-1)
        assert steps.max() < 12.0
        ankles = points[:, 10, 0] - points[:, 13, 0]
        assert np.ptp(ankles) > 1.0  # legs pass each other
        assert len(np.unique(points[:, 1, 0])) == STEPS  # and the box is never quite the same


def test_the_place_stays_and_scrolls(studio: Studio) -> None:
    """Two steps apart the scene is that of the same walk, moved sideways; others are elsewhere."""
    near, far = [], []
    for pid in range(1, 13):
        camid = 1 + pid % 4
        first, second = (
            studio.draw_empty(shot).image[:40].astype(float).mean(-1)
            for shot in walk(pid, camid, 3)[::2]
        )
        other = studio.draw_empty(walk(pid + 50, camid, 1)[0]).image[:40].astype(float).mean(-1)
        near.append(_closest(first, second))
        far.append(_closest(first, other))
    assert np.median(near) < 0.6 * np.median(far)


def _closest(first: np.ndarray, second: np.ndarray) -> float:
    """Mean absolute difference at the best sideways shift of up to 8 columns."""
    inner = first[:, 8:-8]
    return min(
        float(np.abs(inner - second[:, 8 + shift : second.shape[1] - 8 + shift]).mean())
        for shift in range(-8, 9)
    )


def test_people_walk_where_they_look(studio: Studio) -> None:
    """Who looks to the right sees the scene move to the left."""
    right_way = 0
    tried = 0
    for pid in range(1, 25):
        shots = walk(pid, 1 + pid % 4, 9)
        crop = studio.draw(shots[0])
        looks = crop.keypoints[0, 0] - 0.5 * (crop.keypoints[16, 0] + crop.keypoints[17, 0])
        if abs(looks) < 3.0:
            continue
        first, last = (studio.draw_empty(shot).image.astype(float) for shot in (shots[0], shots[4]))
        inner = first[:, 12:-12]
        errors = [np.abs(inner - last[:, 12 + s : last.shape[1] - 12 + s]).mean()
                  for s in range(-12, 13)]  # fmt: skip
        moved = int(np.argmin(errors)) - 12
        tried += 1
        right_way += moved * looks < 0
    assert tried >= 8
    assert right_way >= 0.8 * tried


def test_the_light_does_not_flicker(studio: Studio) -> None:
    for pid in (1, 2, 3):
        means = [studio.draw_empty(shot).image[:30].mean() for shot in walk(pid, 2, 6)]
        assert np.abs(np.diff(means)).max() < 6


def test_a_walk_wears_what_the_shot_says(studio: Studio) -> None:
    first, other = walk(5, 1, 1)[0], walk(5, 1, 1, outfit=1)[0]
    a, b = studio.draw(first), studio.draw(other)
    np.testing.assert_array_equal(a.keypoints, b.keypoints)
    assert np.abs(a.image.astype(int) - b.image).max() > 60


def test_strangers_nobody_and_junk_walk_too(studio: Studio) -> None:
    for split, pid in (("distractor", 0), ("junk", 3)):
        for index in range(6):
            shots = [
                Shot(split, pid, 1, index, step, tracklet=index, step=step)  # type: ignore[arg-type]
                for step in range(3)
            ]
            images = [studio.draw(shot).image for shot in shots]
            assert not np.array_equal(images[0], images[1])


def test_people_walk_out_from_behind_things() -> None:
    """What hides them stands in the scene, so most of them are seen again later."""
    clear = open_studio(cameras=4, seed=2, difficulty=Difficulty(occlusion=0.0))
    hard = open_studio(cameras=4, seed=2, difficulty=Difficulty(occlusion=1.0))
    seen = []
    for pid in range(1, 17):
        shots = walk(pid, 1 + pid % 4, 61)[::60]
        areas = [[(s.draw(shot).parsing > 0).sum() for shot in shots] for s in (hard, clear)]
        seen.append(np.divide(*areas))
    first, last = np.mean(seen, axis=0)
    assert first < 0.8
    assert last > first + 0.08
