"""Walking: how one moment leads to the next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import pi, sin
from typing import TypeVar

import numpy as np

from .cameras import Camera
from .occluders import Occluder
from .optics import WEATHER
from .people import Person
from .scenes import view
from .takes import PasserBy, Take

__all__ = ["Walk", "sample_walk"]

_Other = TypeVar("_Other", PasserBy, Occluder)

_STRIDE = 0.78
"""Body heights that a full cycle of a step of amplitude 1 covers."""


@dataclass(frozen=True)
class Walk:
    """How a person moves on from a take.

    Attributes:
        start: the moment of step 0.
        cadence: how far the gait advances in a frame, radians.
        turn: how far the walking direction turns in a frame, radians.
        sway: amplitude of the slow drift of the crop's place, relative to its width.
        beat: angle of this drift in a frame, radians.
        wobble: standard deviation of the detector's jitter, relative to the crop's width.
        weather: the light, see `optics.expose`; it does not change while somebody walks.
    """

    start: Take
    cadence: float
    turn: float
    sway: float
    beat: float
    wobble: float
    weather: float

    def at(
        self,
        step: int,
        person: Person | None,
        camera: Camera,
        *,
        rng: np.random.Generator,
        height: int,
        width: int,
    ) -> Take:
        """The moment ``step`` frames after the start.

        The crop follows the person, so the scene moves to the other side; feet stay where they
        are on the ground, because speed and gait belong together.

        Args:
            step: number of frames, at least 0.
            person: who walks; None walks nowhere.
            camera: who looks.
            rng: the detector's jitter of this step.
            height: of the crop in pixels.
            width: of the crop in pixels.
        """
        start = self.start
        jitter = rng.normal(0.0, self.wobble, 3).tolist()
        drift = self.sway * sin(self.beat * step)
        passer_by, obstacle = start.passer_by, start.obstacle
        if passer_by is not None:
            passer_by = _walked_on(passer_by, step, self.cadence)
        if isinstance(obstacle, Occluder) and obstacle.kind == "person":
            obstacle = _walked_on(obstacle, step, self.cadence)
        moved = replace(
            start,
            across=start.across + drift + jitter[0],
            down=start.down + 0.5 * drift + jitter[1],
            size=start.size * (1.0 + 0.4 * drift + jitter[2]),
            passer_by=passer_by,
            obstacle=obstacle,
        )
        if start.stance is None or person is None:
            return moved
        stance = start.stance
        pace = self.cadence / (2 * pi) * _STRIDE * stance.swing * person.body.stride
        length = pace * sin(stance.azimuth) * start.size * height
        last = view(camera.seed, camera.camid, height=height, width=width).shape[2] - width
        left = min(max(start.left + round(length * step), 0), last)
        return replace(
            moved,
            left=left,
            shift=start.left - left,
            stance=replace(
                stance,
                azimuth=stance.azimuth + self.turn * step,
                phase=stance.phase + self.cadence * step,
            ),
        )


def sample_walk(take: Take, *, rng: np.random.Generator) -> Walk:
    """A walk that begins with the given moment."""
    return Walk(
        start=take,
        cadence=float(rng.uniform(0.20, 0.28)),
        turn=float(rng.normal(0.0, 0.004)),
        sway=float(rng.normal(0.0, 0.03)),
        beat=float(rng.uniform(0.08, 0.2)),
        wobble=float(rng.uniform(0.003, 0.010)),
        weather=float(rng.normal(0.0, WEATHER)),
    )


def _walked_on(other: _Other, step: int, cadence: float) -> _Other:
    """Somebody else some steps later."""
    pace = cadence / (2 * pi) * _STRIDE * other.stance.swing * other.size
    aside = other.aside + pace * sin(other.stance.azimuth) * step
    stance = replace(other.stance, phase=other.stance.phase + cadence * step)
    return replace(other, aside=aside, stance=stance)
