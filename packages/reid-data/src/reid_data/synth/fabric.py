"""Cloth: how a garment's two colours lie on the solid it is worn on."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import Any

import numpy as np
import numpy.typing as npt

from .canvas import FloatArray, Patch, clipped
from .people import Garment, Pattern

__all__ = ["Tint", "blend", "cloth", "facing", "soft_step"]

Tint = FloatArray | Sequence[float]
"""One colour (3,) for a whole patch, or one for each of its pixels (3, h, w)."""

_SHARP = 1.6
"""How fast a repeated pattern passes from one colour into the other."""


def facing(patch: Patch, azimuth: float) -> FloatArray:
    """Where around the body each pixel lies.

    Args:
        patch: a tube or an ellipse whose axis is upright.
        azimuth: the body's walking direction relative to the camera, radians.

    Returns:
        (h, w) angle from the middle of the body's front, -pi..pi, positive on the person's left.
    """
    angle = np.arcsin(patch.across) - np.float32(azimuth)
    turned: FloatArray = np.remainder(angle + np.float32(pi), np.float32(2 * pi))
    return turned - np.float32(pi)


def cloth(garment: Garment, patch: Patch, azimuth: float, *, limb: bool = False) -> FloatArray:
    """Colour of a garment at each pixel of a patch.

    Args:
        garment: colours and pattern.
        patch: the part of the body that it covers.
        azimuth: the body's walking direction relative to the camera, radians.
        limb: sleeves and legs carry no print and no colour block.

    Returns:
        (3, h, w), or (3,) where it is plain.
    """
    first = np.asarray(garment.colour, dtype=np.float32)
    pattern = garment.pattern
    if pattern == "plain" or (limb and pattern in ("print", "back-print", "two-tone")):
        return first
    share = _share(pattern, garment.scale, patch, facing(patch, azimuth))
    return blend(first, garment.second, share)


def _share(pattern: Pattern, scale: float, patch: Patch, around: FloatArray) -> FloatArray:
    """(h, w) how much of the second colour shows."""
    down = patch.along * np.float32(patch.reach)
    rings = np.sin(down * np.float32(2 * pi * 13 / scale))
    stripes = np.sin(around * np.float32(round(8 / scale)))
    if pattern == "rings":
        return soft_step(rings, _SHARP)
    if pattern == "stripes":
        return soft_step(stripes - np.float32(0.3), _SHARP)
    if pattern == "check":
        return np.float32(0.5) * (soft_step(rings, _SHARP) + soft_step(stripes, _SHARP))
    if pattern == "dots":
        return soft_step(rings * stripes - np.float32(0.25), 2 * _SHARP)
    if pattern == "two-tone":
        return soft_step(patch.along - np.float32(0.36 * scale), 20.0)
    if pattern == "side-stripe":
        beside = np.abs(np.abs(around) - np.float32(pi / 2))
        return soft_step(np.float32(0.3 * scale) - beside, 5.0)
    middle = np.abs(around) if pattern == "print" else np.float32(pi) - np.abs(around)
    wide, high = np.float32(0.62 * scale), np.float32(0.17 * scale)
    spot = (middle / wide) ** 2 + ((patch.along - np.float32(0.33)) / high) ** 2
    return soft_step(np.float32(1.0) - spot, 3.0)


def soft_step(value: npt.NDArray[np.floating[Any]], sharpness: float) -> FloatArray:
    """(h, w) 0 where ``value`` is well below zero, 1 where it is well above."""
    return clipped(np.float32(0.5) + np.float32(sharpness) * value)


def blend(first: Tint, second: Tint, share: FloatArray) -> FloatArray:
    """(3, h, w) from the first tint (share 0) to the second (share 1)."""
    start = _planes(first)
    return start + share * (_planes(second) - start)


def _planes(tint: Tint) -> FloatArray:
    values = np.asarray(tint, dtype=np.float32)
    return values if values.ndim == 3 else values[:, None, None]
