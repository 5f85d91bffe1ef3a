"""What can happen to an image on its way from the scene to a file, and how often it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np

from reid_data.preprocess.blur_kernels import (
    Kernel,
    defocus_kernel,
    gaussian_kernel,
    motion_kernel,
)
from reid_data.preprocess.seeding import generator_for

__all__ = ["DAMAGE_KINDS", "MIXTURES", "Damage", "DamageKind", "Mixture", "parse_mixture"]

DamageKind = Literal["none", "pixelation", "motion", "defocus", "gaussian", "noise", "jpeg"]

DAMAGE_KINDS: tuple[DamageKind, ...] = get_args(DamageKind)


@dataclass(frozen=True)
class Damage:
    """What happens to one image, with nothing left to chance.

    Attributes:
        kind: what.
        amount: short side in pixels (pixelation), length in pixels (motion), radius in pixels
            (defocus), sigma in pixels (Gaussian), sigma in grey levels (noise) or quality (JPEG).
        angle: of a motion, in degrees.
        size: of a Gaussian's kernel, in pixels.
        seed: of the noise.
    """

    kind: DamageKind
    amount: float = 0.0
    angle: float = 0.0
    size: int = 1
    seed: int = 0

    def kernel(self) -> Kernel | None:
        """The blur's kernel, or None for what is no blur."""
        if self.kind == "motion":
            return motion_kernel(self.amount, angle=self.angle)
        if self.kind == "defocus":
            return defocus_kernel(self.amount)
        if self.kind == "gaussian":
            return gaussian_kernel(self.size, sigma=self.amount)
        return None


@dataclass(frozen=True)
class Mixture:
    """How often each kind of damage happens, and within which bounds.

    Attributes:
        weights: how often, relative to each other.
        short_side: pixels that a pixelated image keeps on its short side, both bounds included.
        motion_length: pixels.
        defocus_radius: pixels.
        gaussian_size: pixels; odd sizes are drawn.
        gaussian_sigma: pixels.
        noise_sigma: grey levels.
        jpeg_quality: 1 (worst) to 95.

    Raises:
        ValueError: there is no weight above 0, a kind is unknown, or a range is empty.

    Examples:
        >>> mixture = Mixture({"pixelation": 1, "motion": 1})
        >>> mixture.draw(np.random.default_rng(0)).kind in ("pixelation", "motion")
        True
    """

    weights: Mapping[DamageKind, float] = field(
        default_factory=lambda: dict.fromkeys(DAMAGE_KINDS[1:], 1.0)
    )
    short_side: tuple[int, int] = (16, 63)
    motion_length: tuple[int, int] = (8, 19)
    defocus_radius: tuple[float, float] = (1.0, 4.0)
    gaussian_size: tuple[int, int] = (5, 21)
    gaussian_sigma: tuple[float, float] = (0.1, 2.0)
    noise_sigma: tuple[float, float] = (4.0, 25.0)
    jpeg_quality: tuple[int, int] = (5, 30)

    def __post_init__(self) -> None:
        unknown = [kind for kind in self.weights if kind not in DAMAGE_KINDS]
        if unknown:
            raise ValueError(f"damage is one of {', '.join(DAMAGE_KINDS)}; came {unknown[0]!r}")
        weights = list(self.weights.values())
        if not weights or min(weights) < 0 or not 0 < sum(weights) < float("inf"):
            raise ValueError(
                f"weights must be 0 or more and one above 0, came {dict(self.weights)}"
            )
        for item in fields(self)[1:]:
            low, high = getattr(self, item.name)
            if not 0 < low <= high:
                raise ValueError(f"{item.name} is a range of positives, came ({low}, {high})")

    def draw(self, generator: np.random.Generator) -> Damage:
        """Draw what happens to one image."""
        weights = np.array(list(self.weights.values()), dtype=np.float64)
        kind = list(self.weights)[generator.choice(len(weights), p=weights / weights.sum())]
        if kind == "pixelation":
            return Damage(kind, _whole(self.short_side, generator))
        if kind == "motion":
            length = _whole(self.motion_length, generator)
            return Damage(kind, length, angle=int(generator.integers(180)))
        if kind == "defocus":
            return Damage(kind, generator.uniform(*self.defocus_radius))
        if kind == "gaussian":
            low, high = self.gaussian_size
            size = 2 * int(generator.integers(low // 2, high // 2, endpoint=True)) + 1
            return Damage(kind, generator.uniform(*self.gaussian_sigma), size=size)
        if kind == "noise":
            sigma = generator.uniform(*self.noise_sigma)
            return Damage(kind, sigma, seed=int(generator.integers(1 << 62)))
        if kind == "jpeg":
            return Damage(kind, _whole(self.jpeg_quality, generator))
        return Damage("none")

    def draw_each(self, keys: Iterable[str | int], *, seed: int) -> list[Damage]:
        """Draw what happens to each of several images, by what they are called.

        Args:
            keys: paths, or rows of the records.
            seed: of the run; for new damage in each epoch, one that changes with it.
        """
        return [self.draw(generator_for(seed, key)) for key in keys]


MIXTURES: Mapping[str, Mixture] = MappingProxyType(
    {
        "all": Mixture(),
        "ltcc": Mixture({"pixelation": 0.33, "motion": 0.30, "gaussian": 0.37}),
        "prcc": Mixture({"pixelation": 0.5, "gaussian": 0.5}),
        "plain": Mixture({"pixelation": 0.5, "motion": 0.5}),
    }
)
"""Mixtures by name: all kinds alike; as published for LTCC and LaST; for PRCC, DeepChange and
Market-1501; and for anything else."""


def parse_mixture(text: str) -> Mixture:
    """The mixture of a name in `MIXTURES`, or of weights such as ``pixelation=0.5,jpeg=0.5``.

    Raises:
        ValueError: it is neither.
    """
    if text in MIXTURES:
        return MIXTURES[text]
    weights: dict[str, float] = {}
    for part in text.split(","):
        kind, _, weight = (piece.strip() for piece in part.partition("="))
        try:
            weights[kind] = float(weight)
        except ValueError as error:
            raise ValueError(
                f"a mixture is one of {', '.join(MIXTURES)}, or weights such as "
                f"pixelation=0.5,jpeg=0.5; came {text!r}"
            ) from error
    return Mixture(weights)  # type: ignore[arg-type]  # its constructor looks at the kinds


def _whole(bounds: tuple[int, int], generator: np.random.Generator) -> int:
    return int(generator.integers(bounds[0], bounds[1], endpoint=True))
