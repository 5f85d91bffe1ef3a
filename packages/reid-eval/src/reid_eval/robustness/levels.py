"""How much worse images are made, level by level."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from reid_data.images import Pixels
from reid_data.preprocess import Damage, degrade_image, lower_resolution
from reid_data.preprocess.seeding import generator_for

__all__ = ["DEGRADATIONS", "Degradation", "Level", "parse_levels"]

Degradation = Literal["lowres", "blur", "defocus", "motion", "noise", "jpeg"]

DEGRADATIONS: dict[Degradation, str] = {
    "lowres": "factor by which both sides shrink",
    "blur": "sigma of a Gaussian in pixels",
    "defocus": "radius of the disc in pixels",
    "motion": "length in pixels",
    "noise": "sigma in grey levels",
    "jpeg": "quality, 1 (worst) to 95",
}
"""What each kind's amount means. All are applied to an image at its own size, which stays."""


@dataclass(frozen=True)
class Level:
    """One kind of degradation at one strength.

    Called with an image ``(H, W, 3)`` and its path it gives the worse image, of the same size. What
    is random, the direction of a motion and the noise, depends on the seed and the path only.

    Attributes:
        kind: what.
        amount: how much, see `DEGRADATIONS`.
        seed: of what is random.

    Raises:
        ValueError: there is no such kind, or the amount is out of its range.

    Examples:
        >>> image = np.zeros((32, 16, 3), np.uint8)
        >>> Level("lowres", 4)(image, "a.jpg").shape
        (32, 16, 3)
    """

    kind: Degradation
    amount: float
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Degradation):
            raise ValueError(
                f"expected a degradation of {', '.join(DEGRADATIONS)}, got {self.kind!r}"
            )
        least, most = {"lowres": (1, 64), "motion": (1, 99), "jpeg": (1, 95)}.get(
            self.kind, (0.1, 100)
        )
        if not least <= self.amount <= most:
            raise ValueError(
                f"{self.kind} takes {least:g} to {most:g} ({DEGRADATIONS[self.kind]}), "
                f"got {self.amount:g}"
            )

    @property
    def name(self) -> str:
        """For tables, such as ``lowres 4``."""
        return f"{self.kind} {self.amount:g}"

    def __call__(self, image: Pixels, path: str) -> Pixels:
        """The worse image."""
        if self.kind == "lowres":
            return lower_resolution(image, scale=self.amount, restore=True)
        return degrade_image(image, self._damage(path))

    def _damage(self, path: str) -> Damage:
        generator = generator_for(self.seed, path)
        if self.kind == "blur":
            return Damage("gaussian", self.amount, size=2 * int(np.ceil(3 * self.amount)) + 1)
        if self.kind == "motion":
            return Damage("motion", self.amount, angle=int(generator.integers(180)))
        if self.kind == "noise":
            return Damage("noise", self.amount, seed=int(generator.integers(1 << 62)))
        return Damage("jpeg" if self.kind == "jpeg" else "defocus", self.amount)


def parse_levels(texts: Iterable[str], *, seed: int = 0) -> tuple[Level, ...]:
    """Read levels such as ``lowres:2,4,8`` or ``"lowres:2 blur:1,2"``.

    Args:
        texts: each one or more kinds with their amounts, separated by spaces.
        seed: of what is random in them.

    Raises:
        ValueError: a text is no such thing, or names a level twice.

    Examples:
        >>> [level.name for level in parse_levels(["lowres:2,4", "jpeg:10"])]
        ['lowres 2', 'lowres 4', 'jpeg 10']
    """
    levels = []
    for text in " ".join(texts).split():
        kind, _, amounts = text.partition(":")
        try:
            numbers = [float(amount) for amount in amounts.split(",")]
        except ValueError as error:
            raise ValueError(
                f"expected KIND:AMOUNT,AMOUNT such as lowres:2,4,8, got {text!r}"
            ) from error
        levels += [Level(kind, number, seed) for number in numbers]  # type: ignore[arg-type]
    names = [level.name for level in levels]
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise ValueError(f"the level {repeated[0]!r} is asked for twice")
    return tuple(levels)
