"""What stands before a person where one asks for more occlusion: solid things, lit like people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import pi
from typing import Literal

import numpy as np

from .canvas import Canvas
from .draw import draw_person
from .fabric import soft_step
from .palette import COLOURS, Colour, ColourName, pick, shade_of
from .parts import Part
from .people import Person, sample_stranger
from .pose import Stance, walking_pose

__all__ = ["Occluder", "sample_occluder"]

Kind = Literal["person", "car", "bicycle", "bench", "pole"]

_KINDS: Mapping[Kind, float] = {
    "person": 0.30, "car": 0.22, "bicycle": 0.18, "bench": 0.16, "pole": 0.14,
}  # fmt: skip
_PAINTS: Mapping[ColourName, float] = {
    "grey": 0.25, "white": 0.2, "black": 0.2, "blue": 0.12, "red": 0.12, "green": 0.06,
    "brown": 0.05,
}  # fmt: skip
_REACH: Mapping[Kind, tuple[float, float]] = {
    "person": (0.14, 0.26), "car": (0.35, 0.95), "bicycle": (0.0, 0.35), "bench": (0.0, 0.4),
    "pole": (0.0, 0.12),
}  # fmt: skip
"""How far to either side of the person's axis the middle of each may be, body heights."""

_RUBBER, _GLASS, _STEEL = (0.07, 0.07, 0.08), (0.12, 0.15, 0.18), (0.5, 0.5, 0.52)
_SOLID = Part.COAT
"""Marks what an occluder covers in a parsing map of its own; any part would do."""


@dataclass(frozen=True)
class Occluder:
    """One thing or somebody nearer to the camera than the person.

    Attributes:
        kind: what it is.
        aside: how far its middle is to the right of the person's axis, body heights.
        below: how far down in the picture it stands before the person's feet, body heights.
        size: its size; 1 is that of the person's own distance.
        colour: of its paint or wood.
        other: who it is, where it is a person.
        stance: how this one walks.
    """

    kind: Kind
    aside: float
    below: float
    size: float
    colour: Colour
    other: Person
    stance: Stance

    def paint(self, canvas: Canvas, *, shift: int = 0) -> None:
        """Lay it over a picture.

        Args:
            canvas: the picture; what is hidden leaves the parsing map, too.
            shift: columns by which it stands farther to the right.
        """
        column, row = canvas.pixel(self.aside, -self.below)
        front = canvas.at_distance(self.size, foot=(column + shift, row))
        front.shadow((0.0, 0.01), (0.3 if self.kind in ("car", "bench") else 0.12, 0.02), 0.4)
        _PAINTERS[self.kind](front, self)
        canvas.image[:] = front.image
        canvas.parsing[front.parsing > 0] = Part.BACKGROUND


def sample_occluder(rng: np.random.Generator) -> Occluder:
    """Another person, a car, a bicycle, a bench or a pole."""
    kind = pick(_KINDS, rng)
    low, high = _REACH[kind]
    colour = shade_of(COLOURS[pick(_PAINTS, rng)], rng)
    aside = float(rng.choice([-1.0, 1.0]) * rng.uniform(low, high))
    below, size = float(rng.uniform(0.02, 0.10)), float(rng.uniform(1.0, 1.2))
    stance = Stance(azimuth=float(rng.uniform(0.0, 2 * pi)), phase=float(rng.uniform(0.0, 2 * pi)))
    other = sample_stranger(rng)
    # a bag counts as background in parsing maps, so it could not be told from what it hides
    other = replace(other, outfit=replace(other.outfit, bag="none"))
    return Occluder(kind, aside, below, size, colour, other, stance)


def _paint_person(front: Canvas, it: Occluder) -> None:
    draw_person(front, it.other, walking_pose(it.other.body, it.stance))


def _paint_pole(front: Canvas, it: Occluder) -> None:
    front.paint(_SOLID, front.tube((0.0, 0.0), (0.0, 2.0), (0.034, 0.030)), it.colour)


def _paint_car(front: Canvas, it: Occluder) -> None:
    cabin = front.tube((-0.42, 0.47), (0.50, 0.47), (0.17, 0.20, 0.20, 0.15))
    front.paint(_SOLID, cabin, it.colour)
    window = front.tube((-0.36, 0.51), (0.42, 0.51), (0.08, 0.11, 0.11, 0.08))
    front.paint(_SOLID, window, _GLASS, ambient=0.8)
    body = front.tube((-1.05, 0.30), (1.05, 0.30), (0.13, 0.19, 0.20, 0.20, 0.18, 0.12))
    front.paint(_SOLID, body, it.colour)
    sill = front.tube((-0.98, 0.10), (0.98, 0.10), (0.06, 0.06))
    front.paint(_SOLID, sill, [0.45 * value for value in it.colour])
    for middle in (-0.68, 0.68):
        front.paint(_SOLID, front.ellipse((middle, 0.15), (0.15, 0.15)), _RUBBER)
        front.paint(_SOLID, front.ellipse((middle, 0.15), (0.08, 0.08)), _STEEL)


def _paint_bicycle(front: Canvas, it: Occluder) -> None:
    hubs = (-0.30, 0.21), (0.30, 0.21)
    for hub in hubs:
        wheel = front.ellipse(hub, (0.20, 0.20))
        if wheel is not None:
            ring = soft_step(np.hypot(wheel.across, 2 * wheel.along - 1) - 0.84, 14.0)
            front.paint(_SOLID, replace(wheel, alpha=wheel.alpha * ring), _RUBBER)
    seat, stem, crank = (-0.12, 0.50), (0.20, 0.49), (-0.02, 0.21)
    bars = (
        (hubs[0], seat), (seat, stem), (stem, crank), (crank, seat), (hubs[0], crank),
        (hubs[1], (0.18, 0.57)),
    )  # fmt: skip
    for start, end in bars:
        front.paint(_SOLID, front.tube(start, end, (0.014, 0.014)), it.colour)
    front.paint(_SOLID, front.tube((-0.18, 0.54), (-0.06, 0.54), (0.020, 0.014)), _RUBBER)
    front.paint(_SOLID, front.tube((0.10, 0.58), (0.20, 0.58), (0.013, 0.013)), _RUBBER)


def _paint_bench(front: Canvas, it: Occluder) -> None:
    wood = [0.6 * value + 0.12 for value in it.colour]
    for foot in (-0.36, 0.36):
        front.paint(_SOLID, front.tube((foot, 0.0), (foot, 0.46), (0.020, 0.016)), _STEEL)
    for level in (0.24, 0.34, 0.405, 0.47):
        plank = front.tube((-0.45, level), (0.45, level), (0.024, 0.024), round_start=False)
        front.paint(_SOLID, plank, wood)


_PAINTERS: Mapping[Kind, Callable[[Canvas, Occluder], None]] = {
    "person": _paint_person, "car": _paint_car, "bicycle": _paint_bicycle, "bench": _paint_bench,
    "pole": _paint_pole,
}  # fmt: skip
