"""The frozen difficulty: pixels alone tell nobody apart across cameras, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from reid_data.synth import sample_cameras
from reid_data.synth.plan import plan_shots
from reid_data.synth.writing import draw_shot

Features = Callable[[np.ndarray], np.ndarray]


@pytest.fixture(scope="module")
def crops() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images, identities and cameras of 40 people, two crops in each of six cameras."""
    cameras = sample_cameras(6, seed=0)
    plan = plan_shots(
        identities=1, test_identities=40, cameras=6, images_per_camera=1, distractors=0, seed=0
    )
    shots = [shot for shot in plan if shot.split != "train"]
    images = np.stack([draw_shot(s, seed=0, camera=cameras[s.camid - 1]) for s in shots])
    return images, np.array([s.pid for s in shots]), np.array([s.camid for s in shots])


def cross_camera_map(features: np.ndarray, pids: np.ndarray, camids: np.ndarray) -> float:
    """Mean AP of every image against all images of the other cameras."""
    values = features.reshape(len(features), -1).astype(float)
    squares = (values**2).sum(1)
    distances = squares[:, None] + squares - 2 * values @ values.T
    precisions = []
    for row in range(len(values)):
        others = np.flatnonzero(camids != camids[row])
        order = np.argsort(distances[row, others], kind="stable")
        hits = np.flatnonzero(pids[others][order] == pids[row])
        precisions.append(np.mean(np.arange(1, len(hits) + 1) / (hits + 1)))
    return float(np.mean(precisions))


def blocks(rows: int, columns: int) -> Features:
    def mean_of_blocks(images: np.ndarray) -> np.ndarray:
        count, height, width, _ = images.shape
        shape = (count, rows, height // rows, columns, width // columns, 3)
        return images.reshape(shape).mean((2, 4))

    return mean_of_blocks


def histogram(images: np.ndarray) -> np.ndarray:
    codes = (images // 64).astype(int) @ np.array([16, 4, 1])
    return np.stack([np.bincount(code.ravel(), minlength=64) for code in codes])


@pytest.mark.parametrize(
    ("features", "limit"),
    [(blocks(1, 1), 0.12), (blocks(8, 4), 0.15), (blocks(16, 8), 0.15), (histogram, 0.12)],
    ids=["mean", "8x4", "16x8", "histogram"],
)
def test_pixels_alone_find_nobody_across_cameras(crops, features: Features, limit: float):
    images, pids, camids = crops
    assert cross_camera_map(features(images), pids, camids) < limit


def test_the_background_tells_nothing(crops):
    """The outermost columns, where people hardly reach, find the identity no better than chance."""
    images, pids, camids = crops
    border = images[:, :, [0, 1, -2, -1]]
    shuffled = np.random.default_rng(0)
    chance = np.mean([
        cross_camera_map(border, shuffled.permutation(pids), camids) for _ in range(5)
    ])  # fmt: skip
    assert cross_camera_map(border, pids, camids) < 1.15 * chance


def test_one_camera_alone_would_be_easier(crops):
    """The difficulty lies between the cameras: within one, colours of clothes are comparable."""
    images, pids, camids = crops
    middle = images[:, 32:104, 20:44]
    first = camids == 1
    order = np.argsort(pids[first], kind="stable")
    values = blocks(6, 1)(middle[first][order]).reshape(first.sum(), -1)
    distances = ((values[:, None] - values[None]) ** 2).sum(-1)
    np.fill_diagonal(distances, np.inf)
    hit = pids[first][order][distances.argmin(1)] == pids[first][order]
    assert hit.mean() > 0.3
