"""Clothing colours by name, so that what was drawn can be told as attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeVar

import numpy as np

__all__ = ["COLOURS", "Colour", "ColourName", "pick", "shade_of"]

Colour = tuple[float, float, float]
"""Red, green and blue in 0..1, as displayed."""

ColourName = Literal[
    "black", "blue", "brown", "green", "grey", "orange", "pink", "purple", "red", "white", "yellow"
]
"""The eleven clothing colours that attribute data sets such as UPAR tell apart."""

COLOURS: Mapping[ColourName, tuple[Colour, ...]] = {
    "black": ((0.08, 0.08, 0.09), (0.14, 0.14, 0.17)),
    "blue": ((0.18, 0.26, 0.48), (0.26, 0.44, 0.74), (0.12, 0.16, 0.30), (0.45, 0.64, 0.82)),
    "brown": ((0.38, 0.25, 0.15), (0.62, 0.48, 0.32), (0.26, 0.17, 0.12)),
    "green": ((0.10, 0.38, 0.20), (0.36, 0.56, 0.22), (0.26, 0.32, 0.18), (0.20, 0.62, 0.50)),
    "grey": ((0.36, 0.37, 0.39), (0.55, 0.56, 0.58), (0.70, 0.71, 0.72)),
    "orange": ((0.90, 0.45, 0.12), (0.80, 0.36, 0.18)),
    "pink": ((0.92, 0.60, 0.70), (0.86, 0.30, 0.52)),
    "purple": ((0.40, 0.20, 0.52), (0.58, 0.44, 0.72)),
    "red": ((0.74, 0.10, 0.12), (0.48, 0.08, 0.14)),
    "white": ((0.93, 0.93, 0.92), (0.88, 0.86, 0.80)),
    "yellow": ((0.92, 0.80, 0.22), (0.80, 0.70, 0.38)),
}

_JITTER = 0.05

K = TypeVar("K")


def pick(weights: Mapping[K, float], rng: np.random.Generator) -> K:
    """One key of ``weights``, drawn in proportion to its value."""
    keys = list(weights)
    share = np.cumsum([weights[key] for key in keys])
    return keys[int(np.searchsorted(share, rng.random() * share[-1], side="right"))]


def shade_of(choices: tuple[Colour, ...], rng: np.random.Generator) -> Colour:
    """One of ``choices``, slightly changed: no two pairs of jeans are the same blue."""
    base = np.asarray(choices[int(rng.integers(len(choices)))])
    common, own = rng.normal(0.0, _JITTER), rng.normal(0.0, _JITTER / 2, size=3)
    red, green, blue = np.clip(base + common + own, 0.03, 0.97).tolist()
    return red, green, blue
