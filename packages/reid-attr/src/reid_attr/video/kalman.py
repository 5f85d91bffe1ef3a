"""A constant-velocity Kalman filter of many boxes at once.

Noise is independent between the centre's column and row, width and height, so the filter of a box
is four filters of a place and its speed, with covariances of two by two: nothing is inverted, and
all tracks are done together. Noise grows with the height of the box, as in DeepSORT (Wojke et al.,
Simple online and realtime tracking with a deep association metric, 2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Motion", "predict", "start", "surprise", "to_boxes", "to_places", "update"]

_PLACE, _SPEED = 1 / 20, 1 / 160
_NEW_PLACE, _NEW_SPEED = 2 * _PLACE, 10 * _SPEED
_SMALLEST = 1.0  # pixels; a width that shrank to nothing would never match again

_Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Motion:
    """What is believed about M boxes; the coordinates are centre column, centre row, width, height.

    Attributes:
        place: ``(M, 4)`` pixels.
        speed: ``(M, 4)`` pixels a frame.
        covariance: ``(M, 4, 3)``: variance of place, covariance of both, variance of speed.
    """

    place: _Floats
    speed: _Floats
    covariance: _Floats

    def __len__(self) -> int:
        return len(self.place)

    def take(self, rows: NDArray[Any]) -> Motion:
        """These of them, by number or by a mask."""
        return Motion(self.place[rows], self.speed[rows], self.covariance[rows])

    def join(self, other: Motion) -> Motion:
        """All of these, then all of the others."""
        return Motion(
            np.concatenate([self.place, other.place]),
            np.concatenate([self.speed, other.speed]),
            np.concatenate([self.covariance, other.covariance]),
        )


def to_places(boxes: NDArray[Any]) -> _Floats:
    """Left, top, right, bottom ``(M, 4)`` to centre, width and height."""
    boxes = np.asarray(boxes, np.float64)
    sides = boxes[:, 2:] - boxes[:, :2]
    return np.concatenate([boxes[:, :2] + sides / 2, sides], axis=1)


def to_boxes(places: _Floats) -> _Floats:
    """Centre, width and height ``(M, 4)`` to left, top, right, bottom."""
    half = places[:, 2:] / 2
    return np.concatenate([places[:, :2] - half, places[:, :2] + half], axis=1)


def start(places: _Floats) -> Motion:
    """Boxes seen for the first time: their speed is unknown."""
    height = places[:, 3:]
    spread = np.zeros((len(places), 4, 3))
    spread[..., 0] = (_NEW_PLACE * height) ** 2
    spread[..., 2] = (_NEW_SPEED * height) ** 2
    return Motion(places.copy(), np.zeros_like(places), spread)


def predict(motion: Motion, *, frames: float = 1.0) -> Motion:
    """What is believed so many frames later."""
    place = motion.place + frames * motion.speed
    place[:, 2:] = place[:, 2:].clip(min=_SMALLEST)
    height = motion.place[:, 3:]
    before = motion.covariance
    after = np.empty_like(before)
    after[..., 0] = before[..., 0] + 2 * frames * before[..., 1] + frames**2 * before[..., 2]
    after[..., 0] += frames * (_PLACE * height) ** 2
    after[..., 1] = before[..., 1] + frames * before[..., 2]
    after[..., 2] = before[..., 2] + frames * (_SPEED * height) ** 2
    return Motion(place, motion.speed, after)


def update(motion: Motion, places: _Floats) -> Motion:
    """What is believed after each box was seen at its place ``(M, 4)``."""
    variance, both, of_speed = np.moveaxis(motion.covariance, -1, 0)
    total = variance + _seen(motion)
    gain, pull = variance / total, both / total
    miss = places - motion.place
    covariance = np.stack(
        [(1 - gain) * variance, (1 - gain) * both, of_speed - pull * both], axis=-1
    )
    return Motion(motion.place + gain * miss, motion.speed + pull * miss, covariance)


def surprise(motion: Motion, places: _Floats) -> _Floats:
    """Squared Mahalanobis distance of places ``(N, 4)`` from where boxes are believed, ``(M, N)``.

    Of a box that moves as assumed it has a chi-square distribution with 4 degrees of freedom.
    """
    miss = places[None] - motion.place[:, None]
    total = motion.covariance[..., 0] + _seen(motion)
    found: _Floats = (miss**2 / total[:, None]).sum(axis=-1)
    return found


def _seen(motion: Motion) -> _Floats:
    """Variance ``(M, 1)`` of what a detector says."""
    noise: _Floats = (_PLACE * motion.place[:, 3:]) ** 2
    return noise
