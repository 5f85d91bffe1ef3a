"""Identity leaks through nothing that a real identity does not carry."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from scipy.stats import binom

from reid_data.synth import Shot, open_studio, plan_shots

PEOPLE, CAMERAS, PICTURES = 20, 6, 6


@pytest.fixture(scope="module")
def shots() -> list[Shot]:
    plan = plan_shots(
        identities=PEOPLE,
        test_identities=1,
        cameras=CAMERAS,
        images_per_camera=PICTURES,
        distractors=0,
        seed=0,
    )
    return [shot for shot in plan if shot.split == "train"]


@pytest.fixture(scope="module")
def pictures(shots: list[Shot]) -> dict[str, np.ndarray]:
    """The same moments with and without the person."""
    studio = open_studio(cameras=CAMERAS, seed=0)
    return {
        "empty": np.stack([studio.draw_empty(shot).image for shot in shots]),
        "full": np.stack([studio.draw(shot).image for shot in shots]),
    }


def probe(features: np.ndarray, shots: list[Shot]) -> tuple[int, int]:
    """A linear probe: hits among the last two pictures in each camera, learned from the others.

    Ridge regression onto one-hot identities, with each camera's mean taken away.
    """
    pids = np.array([shot.pid - 1 for shot in shots])
    camids = np.array([shot.camid for shot in shots])
    held = np.array([shot.index >= PICTURES - 2 for shot in shots])
    values = features.reshape(len(shots), -1).astype(float)
    for camid in range(1, CAMERAS + 1):
        mine = camids == camid
        values[mine] -= values[mine & ~held].mean(0)
    values /= values[~held].std(0) + 1e-6
    train, targets = values[~held], np.eye(PEOPLE)[pids[~held]]
    gram = train @ train.T + 10.0 * values.shape[1] ** 0.5 * np.eye(len(train))
    scores = values[held] @ (train.T @ np.linalg.solve(gram, targets - 1 / PEOPLE))
    return int((scores.argmax(1) == pids[held]).sum()), int(held.sum())


def blocks(images: np.ndarray) -> np.ndarray:
    count, height, width, _ = images.shape
    return images.reshape(count, height // 8, 8, width // 8, 8, 3).mean((2, 4))


def fine(images: np.ndarray) -> np.ndarray:
    """Local contrast: grain and texture rather than colour."""
    count = len(images)
    grey = images.astype(float).mean(-1)
    local = grey.reshape(count, 16, 8, 8, 8)
    return np.stack([local.std((2, 4)), local.max((2, 4)) - local.min((2, 4))], axis=-1)


@pytest.mark.parametrize("features", [blocks, fine])
def test_a_linear_probe_on_backgrounds_is_at_chance(shots, pictures, features) -> None:
    hits, count = probe(features(pictures["empty"]), shots)
    assert hits <= binom.ppf(0.999, count, 1 / PEOPLE)


def test_the_probe_would_find_who_is_there(shots, pictures) -> None:
    hits, count = probe(blocks(pictures["full"]), shots)
    assert hits > 6 * count / PEOPLE


def test_a_background_that_leaked_would_be_found(shots, pictures) -> None:
    """The probe has the power to see a tint of four grey levels that belongs to an identity."""
    tints = np.random.default_rng(0).normal(0.0, 4.0, (PEOPLE, 3))
    marked = pictures["empty"] + tints[[shot.pid - 1 for shot in shots]][:, None, None]
    hits, count = probe(blocks(marked), shots)
    assert hits > binom.ppf(0.999, count, 1 / PEOPLE)


def test_walks_have_backgrounds_of_their_own_too() -> None:
    """Two walks of one person in one camera share no more of the scene than those of two people."""
    studio = open_studio(cameras=3, seed=0)

    def corner(pid: int, camid: int, index: int) -> np.ndarray:
        shot = Shot("train", pid, camid, index, 0, tracklet=0)
        return studio.draw_empty(shot).image[:32].astype(float)

    same, other = [], []
    for pid in range(1, 41):
        camid = 1 + pid % 3
        first = corner(pid, camid, 0)
        same.append(np.abs(first - corner(pid, camid, 1)).mean())
        other.append(np.abs(first - corner(pid + 100, camid, 1)).mean())
    assert np.mean(same) > 0.85 * np.mean(other)


def test_the_size_of_empty_files_tells_nobody(shots, pictures) -> None:
    """Between people the sizes of JPEGs differ no more than between groups drawn at random."""
    studio = open_studio(cameras=CAMERAS, seed=0)
    pids = np.array([shot.pid for shot in shots])
    camids = np.array([shot.camid for shot in shots])
    sizes = np.array([
        _jpeg_size(image, studio.cameras[camid - 1].quality)
        for image, camid in zip(pictures["empty"], camids, strict=True)
    ], dtype=float)  # fmt: skip
    for camid in range(1, CAMERAS + 1):
        sizes[camids == camid] -= sizes[camids == camid].mean()

    def between(groups: np.ndarray) -> float:
        return float(np.var([sizes[groups == pid].mean() for pid in range(1, PEOPLE + 1)]))

    rng = np.random.default_rng(0)
    chance = [between(rng.permutation(pids)) for _ in range(400)]
    assert between(pids) < np.quantile(chance, 0.995)


def _jpeg_size(image: np.ndarray, quality: int) -> int:
    file = io.BytesIO()
    Image.fromarray(image).save(file, format="JPEG", quality=quality)
    return file.tell()


def test_frames_tell_nobody(shots: list[Shot]) -> None:
    """Neither how late somebody comes nor how fast the pictures follow belongs to the identity."""
    frames = np.array([shot.frame for shot in shots]).reshape(PEOPLE, CAMERAS, PICTURES)
    starts = frames[:, :, 0]
    late = np.var(starts.mean(1)) / (np.var(starts) / CAMERAS)
    assert late < 2.2
    pace = np.diff(frames, axis=2)
    assert np.var(pace.mean((1, 2))) / (np.var(pace) / pace[0].size) < 2.2
