"""Independent random streams: one for everything that is drawn on its own.

A crop's generator depends on the data set's seed and on what the crop is, never on what was drawn
before it, so neither the order nor the number of processes matters.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

__all__ = ["Stream", "generator"]


class Stream(IntEnum):
    """What a stream is for; the numbers are part of the frozen data and never change."""

    BODY = 1
    OUTFIT = 2
    CAMERA = 3
    SCENE = 4
    CROP = 5
    SEQUENCE = 6
    STRANGER = 7
    JUNK = 8
    JUNK_CROP = 9
    WALK = 10
    WALK_STEP = 11
    OCCLUDER = 12
    RESOLUTION = 13
    WARDROBE = 14
    ROUTE = 15
    TRANSITION = 16
    FOLDS = 17
    STREET = 40
    STATURE = 41
    PASSAGE = 42
    TEAM = 43
    FILM_FRAME = 44


def generator(seed: int, stream: Stream, *key: int) -> np.random.Generator:
    """The generator of one person, camera or crop.

    Args:
        seed: seed of the data set, at least 0.
        stream: what the numbers are for.
        key: what they belong to, for example ``pid, camid, index``; each at least 0.

    Returns:
        A generator that shares nothing with that of any other key.
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(int(stream), *key))
    return np.random.Generator(np.random.PCG64(sequence))
