"""The trunk: shirt, jacket or coat over trousers or a skirt, and the straps that cross it."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, hypot, pi, sin

import numpy as np

from .canvas import Canvas, Patch
from .fabric import Tint, blend, cloth, facing, soft_step
from .parts import Part
from .people import Body, Person
from .pose import Pose

__all__ = ["paint_hips", "paint_upper"]

# half widths and half depths from the neck to the hips at even steps, body heights
_WIDTH = (0.050, 0.104, 0.112, 0.108, 0.101, 0.095, 0.094, 0.097)
_WIDTH_FEMALE = (0.046, 0.096, 0.102, 0.098, 0.088, 0.083, 0.091, 0.101)
_DEPTH = (0.045, 0.066, 0.076, 0.079, 0.077, 0.075, 0.076, 0.078)

_OPENING = 0.34
"""Half the angle that an open jacket shows of the shirt, radians."""


def _trunk_radii(body: Body, azimuth: float) -> list[float]:
    """Half the visible width of the trunk from neck to hips, body heights."""
    widths = _WIDTH_FEMALE if body.female else _WIDTH
    side, front = abs(sin(azimuth)), abs(cos(azimuth))
    broad = 0.35 + 0.65 * body.build
    return [
        hypot(
            front * width * broad * (0.5 + 0.5 * body.shoulders), side * depth * broad * body.belly
        )
        for width, depth in zip(widths, _DEPTH, strict=True)
    ]


def paint_hips(canvas: Canvas, person: Person, pose: Pose) -> None:
    """What the lower garment covers between waist and legs; the whole of a skirt."""
    outfit = person.outfit
    hip = _trunk_radii(person.body, pose.stance.azimuth)[-1]
    waist, crotch = pose["waist"], pose["crotch"]
    if outfit.lower_kind != "skirt":
        hips = canvas.tube(waist[:2], crotch[:2], (0.92 * hip, hip, 0.86 * hip))
        if hips is not None:
            canvas.paint(Part.TROUSERS, hips, cloth(outfit.lower, hips, pose.stance.azimuth))
        return
    hem, spread = _hem(pose, outfit.lower_length)
    radii = (0.88 * hip, 1.05 * hip, 1.05 * hip + 0.6 * spread, 1.08 * hip + spread)
    skirt = canvas.tube(waist[:2], hem, radii, round_end=False)
    if skirt is not None:
        canvas.paint(Part.SKIRT, skirt, cloth(outfit.lower, skirt, pose.stance.azimuth))


def paint_upper(canvas: Canvas, person: Person, pose: Pose) -> None:
    """The upper garment and the straps over it."""
    outfit = person.outfit
    neck, pelvis = pose["neck"], pose["pelvis"]
    radii = _trunk_radii(person.body, pose.stance.azimuth)
    end: tuple[float, float] = pelvis[0], pelvis[1] - 0.012
    thick = 1.0
    if outfit.upper_kind == "coat":
        end, spread = _hem(pose, 0.75)
        radii, thick = _coat_radii(radii, neck[1], pelvis[1], end[1], spread), 1.08
    elif outfit.upper_kind == "jacket":
        thick = 1.07
    elif outfit.upper_kind == "sleeveless":
        thick = 0.95
    patch = canvas.tube(neck[:2], end, [thick * radius for radius in radii], round_end=False)
    if patch is None:
        return
    part = Part.COAT if outfit.upper_kind in ("jacket", "coat") else Part.UPPER_CLOTHES
    canvas.paint(part, patch, _upper_tint(person, pose, patch))


def _upper_tint(person: Person, pose: Pose, patch: Patch) -> Tint:
    outfit, azimuth = person.outfit, pose.stance.azimuth
    tint: Tint = cloth(outfit.upper, patch, azimuth)
    around = facing(patch, azimuth)
    if outfit.upper_kind in ("jacket", "coat"):
        tint = blend(tint, outfit.inner, soft_step(_OPENING - np.abs(around), 6.0))
    if outfit.bag == "backpack":
        strap = soft_step(0.16 - np.abs(np.abs(around) - np.float32(0.62)), 8.0)
        strap *= soft_step(0.62 - patch.along, 12.0) * (np.abs(around) < pi / 2)
        tint = blend(tint, outfit.bag_colour, strap)
    return tint


def _hem(pose: Pose, length: float) -> tuple[tuple[float, float], float]:
    """Middle of a hem that hangs ``length`` down the legs (1 is the knee), and its extra radius."""
    low, high = ("knee", "ankle") if length > 1.0 else ("hip", "knee")
    share = length - 1.0 if length > 1.0 else length
    ends = []
    for side in ("left", "right"):
        first, second = pose[f"{side}_{low}"], pose[f"{side}_{high}"]
        ends.append([first[axis] + share * (second[axis] - first[axis]) for axis in (0, 1)])
    left, right = ends
    middle = (0.5 * (left[0] + right[0]), 0.5 * (left[1] + right[1]))
    return middle, 0.4 * abs(left[0] - right[0])


def _coat_radii(
    radii: Sequence[float], neck: float, pelvis: float, hem: float, spread: float
) -> list[float]:
    """The trunk's radii continued to the hem of a coat, again at even steps."""
    trunk = np.linspace(neck, pelvis, len(radii))
    steps = np.linspace(neck, hem, 12)
    known = np.append(trunk, hem)[::-1]
    values = np.append(radii, 1.05 * radii[-1] + 0.5 * spread)[::-1]
    return list(np.interp(steps, known, values).tolist())
