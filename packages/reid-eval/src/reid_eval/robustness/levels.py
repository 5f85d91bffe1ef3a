"""How much worse images are made, level by level."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from reid_data.images import Pixels
from reid_data.preprocess import MIXTURES, Damage, degrade_image, lower_resolution
from reid_data.preprocess.seeding import generator_for

__all__ = ["DEGRADATIONS", "Degradation", "Level", "parse_levels"]

Degradation = Literal["lowres", "blur", "defocus", "motion", "noise", "jpeg", "mixture"]

DEGRADATIONS: dict[Degradation, str] = {
    "lowres": "factor by which both sides shrink",
    "blur": "sigma of a Gaussian in pixels",
    "defocus": "radius of the disc in pixels",
    "motion": "length in pixels",
    "noise": "sigma in grey levels",
    "jpeg": "quality, 1 (worst) to 95",
    "mixture": f"pixels that run together, or {', '.join(MIXTURES)}",
}
"""What each kind's amount means. All are applied to an image at its own size, which stays.

Of a mixture every image gets one kind. A mixture of N pixels is lowres N, motion N or defocus N/2,
each as often; one with a name is that of ``reid-data degrade`` (`reid_data.preprocess.MIXTURES`),
as published for LTCC or PRCC.
"""


_RANGES = {"lowres": (1, 64), "motion": (1, 99), "jpeg": (1, 95), "mixture": (2, 64)}
_MIXED: tuple[Degradation, ...] = ("lowres", "motion", "defocus")


@dataclass(frozen=True)
class Level:
    """One kind of degradation at one strength.

    Called with an image ``(H, W, 3)`` and its path it gives the worse image, of the same size. What
    is random, the direction of a motion and the noise, depends on the seed and the path only.

    Attributes:
        kind: what.
        amount: how much, see `DEGRADATIONS`; a text for a mixture that has a name.
        seed: of what is random.

    Raises:
        ValueError: there is no such kind, or the amount is out of its range.

    Examples:
        >>> image = np.zeros((32, 16, 3), np.uint8)
        >>> Level("lowres", 4)(image, "a.jpg").shape
        (32, 16, 3)
    """

    kind: Degradation
    amount: float | str
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Degradation):
            raise ValueError(
                f"expected a degradation of {', '.join(DEGRADATIONS)}, got {self.kind!r}"
            )
        least, most = _RANGES.get(self.kind, (0.1, 100))
        if isinstance(self.amount, str):
            fits, came = self.kind == "mixture" and self.amount in MIXTURES, self.amount
        else:
            fits, came = least <= self.amount <= most, f"{self.amount:g}"
        if not fits:
            raise ValueError(
                f"{self.kind} takes {least:g} to {most:g} ({DEGRADATIONS[self.kind]}), got {came}"
            )

    @property
    def name(self) -> str:
        """For tables, such as ``lowres 4``."""
        return f"{self.kind} {self.amount if isinstance(self.amount, str) else f'{self.amount:g}'}"

    def __call__(self, image: Pixels, path: str) -> Pixels:
        """The worse image."""
        generator = generator_for(self.seed, path)
        if isinstance(self.amount, str):
            return degrade_image(image, MIXTURES[self.amount].draw(generator))
        if self.kind == "mixture":
            kind = _MIXED[int(generator.integers(len(_MIXED)))]
            return _worse(
                image, kind, self.amount / 2 if kind == "defocus" else self.amount, generator
            )
        return _worse(image, self.kind, self.amount, generator)


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
            numbers = [_amount(kind, amount) for amount in amounts.split(",")]
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


def _amount(kind: str, text: str) -> float | str:
    return text if kind == "mixture" and text in MIXTURES else float(text)


def _worse(image: Pixels, kind: Degradation, amount: float, chance: np.random.Generator) -> Pixels:
    """One kind of degradation; what is random comes from `chance`."""
    if kind == "lowres":
        return lower_resolution(image, scale=amount, restore=True)
    if kind == "blur":
        damage = Damage("gaussian", amount, size=2 * int(np.ceil(3 * amount)) + 1)
    elif kind == "motion":
        damage = Damage("motion", amount, angle=int(chance.integers(180)))
    elif kind == "noise":
        damage = Damage("noise", amount, seed=int(chance.integers(1 << 62)))
    else:
        damage = Damage("jpeg" if kind == "jpeg" else "defocus", amount)
    return degrade_image(image, damage)
