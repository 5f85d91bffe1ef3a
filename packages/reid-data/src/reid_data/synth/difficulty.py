"""How hard the pictures are: four knobs, at their defaults the pictures of every release."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

__all__ = ["OCCLUSION", "Difficulty"]

OCCLUSION = 0.12
"""How often something stands before a person unless one asks for more."""


@dataclass(frozen=True)
class Difficulty:
    """What makes people hard to recognise.

    A higher value leaves everything else of a picture as it was, so that results at two values
    compare the same people at the same moments.

    Attributes:
        camera_shift: how strongly light and colour differ between cameras, 0..3; 0 not at all.
        outfit_change: share of a person's visits in another outfit than the first, 0..1.
        occlusion: how often something hides a part of the person, 0..1: a pole, a wall, a
            railing; beyond the default also bicycles, cars, benches and other people.
        resolution: the lowest and the highest factor, 1..8, by which a picture is reduced before
            it is brought back to its size; each picture draws its own.

    Raises:
        ValueError: a knob is out of its range.
    """

    camera_shift: float = 1.0
    outfit_change: float = 0.0
    occlusion: float = OCCLUSION
    resolution: tuple[float, float] = (1.0, 1.0)

    def __post_init__(self) -> None:
        for name, high in (("camera_shift", 3), ("outfit_change", 1), ("occlusion", 1)):
            value = getattr(self, name)
            if not (isfinite(value) and 0 <= value <= high):
                raise ValueError(f"{name}: expected a number from 0 to {high}, got {value}")
        low, high_factor = self.resolution
        if not 1 <= low <= high_factor <= 8:
            raise ValueError(
                "resolution: expected two factors from 1 to 8, the lower first, "
                f"got {low} and {high_factor}"
            )
