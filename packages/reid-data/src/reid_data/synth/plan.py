"""What a data set holds: every crop to be drawn, before the first is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Literal

import numpy as np

from .streams import Stream, generator

__all__ = ["Shot", "Split", "plan_shots"]

Split = Literal["train", "query", "gallery", "distractor", "junk"]

_RECORDING = 90_000
"""Frames in which a sequence may begin: an hour at 25 a second."""


@dataclass(frozen=True)
class Shot:
    """One crop of the data set.

    Attributes:
        split: train, query, gallery, distractor or junk.
        pid: who is seen; 0 for a distractor, which is a stranger or nobody.
        camid: the camera, from 1.
        index: running number among the crops of this identity and camera, or of this split.
        frame: when it was taken.
    """

    split: Split
    pid: int
    camid: int
    index: int
    frame: int


def plan_shots(
    *,
    identities: int,
    test_identities: int,
    cameras: int,
    images_per_camera: int,
    distractors: int,
    seed: int,
) -> list[Shot]:
    """Every crop of a data set.

    Training identities are numbered from 1 and test identities after them. An identity has
    ``images_per_camera`` crops in every camera, in the training set or in the gallery; a test
    identity has one more in every camera as a query. For four distractors there is one junk crop.

    Args:
        identities: training identities.
        test_identities: identities of query and gallery.
        cameras: how many cameras see everybody.
        images_per_camera: crops of one identity in one camera.
        distractors: gallery crops of nobody who is asked for.
        seed: seed of the data set.

    Returns:
        The crops, no two of one camera and identity in the same frame.
    """
    shots: list[Shot] = []
    for pid in range(1, identities + test_identities + 1):
        train = pid <= identities
        count = images_per_camera if train else images_per_camera + 1
        for camid in range(1, cameras + 1):
            for index, frame in enumerate(_frames(seed, pid, camid, count)):
                split: Split = "train" if train else "gallery" if index else "query"
                shots.append(Shot(split, pid, camid, index, frame))
    for camid in range(1, cameras + 1):
        mine = range(camid - 1, distractors, cameras)
        for index, frame in zip(mine, _frames(seed, 0, camid, len(mine)), strict=True):
            shots.append(Shot("distractor", 0, camid, index, frame))
    return shots + _plan_junk(identities, test_identities, cameras, ceil(distractors / 4), seed)


def _plan_junk(first: int, people: int, cameras: int, count: int, seed: int) -> list[Shot]:
    """Failed crops of the people of the gallery."""
    rng = generator(seed, Stream.JUNK)
    pids = (first + rng.integers(1, people + 1, size=count)).tolist()
    camids = rng.integers(1, cameras + 1, size=count).tolist()
    frames = _steps(rng, count)
    return [
        Shot("junk", pid, camid, index, frame)
        for index, (pid, camid, frame) in enumerate(zip(pids, camids, frames, strict=True))
    ]


def _frames(seed: int, pid: int, camid: int, count: int) -> list[int]:
    """When somebody passes a camera; 0 stands for the strangers."""
    return _steps(generator(seed, Stream.SEQUENCE, pid, camid), count)


def _steps(rng: np.random.Generator, count: int) -> list[int]:
    start = int(rng.integers(_RECORDING))
    gaps = rng.integers(1, 26, size=count)
    frames: list[int] = (start + np.cumsum(gaps)).tolist()
    return frames
