"""The knobs of difficulty: refused out of range, nested, and each really makes it harder."""

from __future__ import annotations

import numpy as np
import pytest

from reid_data.synth import Difficulty, Shot, open_studio, plan_shots, sample_cameras

PEOPLE, CAMERAS = 24, 6


def mean_ap(features: np.ndarray, pids: np.ndarray, camids: np.ndarray) -> float:
    """Mean AP of every image against all images of the other cameras."""
    distances = ((features[:, None] - features[None]) ** 2).sum(-1)
    precisions = []
    for row in range(len(features)):
        others = np.flatnonzero(camids != camids[row])
        order = np.argsort(distances[row, others], kind="stable")
        hits = np.flatnonzero(pids[others][order] == pids[row])
        precisions.append(np.mean(np.arange(1, len(hits) + 1) / (hits + 1)))
    return float(np.mean(precisions))


def standardised(features: np.ndarray, camids: np.ndarray) -> np.ndarray:
    """Each camera's mean taken away, and its spread."""
    values = features.reshape(len(features), -1).astype(float)
    for camid in set(camids.tolist()):
        mine = values[camids == camid]
        values[camids == camid] = (mine - mine.mean(0)) / (mine.std(0) + 1e-6)
    return values


def pixels(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), 16, 8, 8, 8, 3).mean((2, 4))


def hand_made(images: np.ndarray) -> np.ndarray:
    """Colour, and strength of horizontal and vertical edges, in eight stripes of the middle."""
    middle = images[:, :, 16:48].astype(float)
    maps = (middle, np.abs(np.diff(middle, axis=2)), np.abs(np.diff(middle, axis=1)))
    stripes = [
        np.stack([part.mean((1, 2)) for part in np.array_split(values, 8, axis=1)], axis=1)
        for values in maps
    ]
    return np.concatenate(stripes, axis=1)


def scores(difficulty: Difficulty, outfits: int = 1) -> tuple[float, float]:
    """Mean AP of pixels, and of the hand-made feature."""
    studio = open_studio(cameras=CAMERAS, seed=0, difficulty=difficulty)
    plan = plan_shots(
        identities=PEOPLE,
        test_identities=1,
        cameras=CAMERAS,
        images_per_camera=1,
        distractors=0,
        seed=0,
        outfits=outfits,
        outfit_change=difficulty.outfit_change,
    )
    shots = [shot for shot in plan if shot.split == "train"]
    images = np.stack([studio.draw(shot).image for shot in shots])
    pids, camids = (np.array([getattr(s, name) for s in shots]) for name in ("pid", "camid"))
    found = [
        mean_ap(standardised(feature(images), camids), pids, camids)
        for feature in (pixels, hand_made)
    ]
    return found[0], found[1]


@pytest.fixture(scope="module")
def usual() -> tuple[float, float]:
    return scores(Difficulty())


def test_people_are_found_at_the_usual_difficulty(usual: tuple[float, float]) -> None:
    assert usual[0] > 0.15
    assert usual[1] > 0.35


@pytest.mark.parametrize(
    ("harder", "outfits", "drop"),
    [
        ([{"occlusion": 0.5}, {"occlusion": 1.0}], 1, 0.05),
        ([{"camera_shift": 2.0}, {"camera_shift": 3.0}], 1, 0.02),
        ([{"outfit_change": 0.5}, {"outfit_change": 1.0}], 12, 0.03),
        ([{"resolution": (1.0, 3.0)}, {"resolution": (1.0, 8.0)}], 1, 0.03),
    ],
    ids=["occlusion", "camera-shift", "outfit-change", "resolution"],
)
def test_each_knob_makes_it_harder_step_by_step(
    usual: tuple[float, float], harder: list[dict], outfits: int, drop: float
) -> None:
    steps = [usual, *(scores(Difficulty(**knob), outfits) for knob in harder)]
    hand = [step[1] for step in steps]
    assert hand[0] > hand[1] + drop
    assert hand[1] > hand[2] + drop
    if "resolution" not in harder[0]:  # blocks of 8 pixels do not see what is smaller
        coarse = [step[0] for step in steps]
        assert coarse[0] > coarse[1] > coarse[2]


def shots_of(count: int) -> list[Shot]:
    return [Shot("train", pid, 1 + pid % CAMERAS, 0, 0) for pid in range(1, count + 1)]


def test_what_hides_less_hides_no_other_pictures() -> None:
    """More in the way of the same pictures: what is hidden at 0.5 is so at 1, by the same thing."""
    levels = [0.0, 0.12, 0.5, 1.0]
    studios = [
        open_studio(cameras=CAMERAS, seed=1, difficulty=Difficulty(occlusion=level))
        for level in levels
    ]
    hidden = []
    for shot in shots_of(60):
        images = [studio.draw(shot).image for studio in studios]
        hidden.append([not np.array_equal(images[0], image) for image in images])
        for level in (1, 2):
            if hidden[-1][level]:
                np.testing.assert_array_equal(images[level], images[3])
    shares = np.mean(hidden, axis=0)
    assert shares[0] == 0
    np.testing.assert_allclose(shares[1:], levels[1:], atol=0.14)


def test_hidden_parts_leave_the_parsing_map_and_keep_their_keypoints() -> None:
    clear, full = (
        open_studio(cameras=CAMERAS, seed=1, difficulty=Difficulty(occlusion=level))
        for level in (0.0, 1.0)
    )
    left = []
    for shot in shots_of(60):
        before, after = clear.draw(shot), full.draw(shot)
        np.testing.assert_array_equal(before.keypoints, after.keypoints)
        gone = (before.parsing > 0) & (after.parsing == 0)
        assert ((after.parsing == before.parsing) | gone).all()
        left.append((after.parsing > 0).sum() / (before.parsing > 0).sum())
        if gone.sum() > 100:
            change = np.abs(before.image.astype(int) - after.image)[gone].max(-1)
            assert np.median(change) > 5
    assert np.mean(left) < 0.8
    assert np.mean(np.array(left) < 0.98) > 0.85
    assert min(left) < 0.5


def test_resolution_takes_detail_and_leaves_size_and_colour() -> None:
    shot = Shot("train", 4, 1, 0, 0)
    sharp, soft = (
        open_studio(cameras=2, seed=0, difficulty=Difficulty(resolution=(factor, factor)))
        .draw(shot)
        .image.astype(float)
        for factor in (1.0, 4.0)
    )
    assert sharp.shape == soft.shape
    assert np.abs(np.diff(soft, axis=1)).mean() < 0.55 * np.abs(np.diff(sharp, axis=1)).mean()
    np.testing.assert_allclose(soft.mean((0, 1)), sharp.mean((0, 1)), atol=1.5)


def test_each_picture_draws_its_own_resolution() -> None:
    studio = open_studio(cameras=CAMERAS, seed=0, difficulty=Difficulty(resolution=(1.0, 8.0)))
    usual = open_studio(cameras=CAMERAS, seed=0)
    detail = [
        np.abs(np.diff(studio.draw(shot).image.astype(float), axis=1)).mean()
        / np.abs(np.diff(usual.draw(shot).image.astype(float), axis=1)).mean()
        for shot in shots_of(30)
    ]
    assert np.ptp(detail) > 0.3


def test_camera_shift_is_handed_to_the_cameras() -> None:
    studio = open_studio(cameras=3, seed=2, difficulty=Difficulty(camera_shift=0.0))
    assert studio.cameras == sample_cameras(3, seed=2, shift=0.0)
    assert open_studio(cameras=3, seed=2).cameras == sample_cameras(3, seed=2)


@pytest.mark.parametrize(
    ("knob", "message"),
    [
        ({"camera_shift": -0.1}, "camera_shift: expected a number from 0 to 3, got -0.1"),
        ({"camera_shift": float("nan")}, "camera_shift: expected"),
        ({"outfit_change": 1.1}, "outfit_change: expected a number from 0 to 1"),
        ({"occlusion": 2}, "occlusion: expected a number from 0 to 1"),
        ({"resolution": (0.5, 1.0)}, "resolution: expected two factors from 1 to 8"),
        ({"resolution": (4.0, 2.0)}, "resolution: expected two factors"),
        ({"resolution": (1.0, float("inf"))}, "resolution: expected two factors"),
    ],
)
def test_knobs_out_of_range_are_refused(knob: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Difficulty(**knob)
