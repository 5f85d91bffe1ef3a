"""Neck, head, face, hair and hat."""

from __future__ import annotations

from math import cos, sin

import numpy as np

from .canvas import Canvas, FloatArray, Patch
from .fabric import blend, soft_step
from .parts import Part
from .people import Person
from .pose import Pose

__all__ = ["paint_hair_behind", "paint_head"]

_HAIRLINE = {"bald": -2.0, "short": 0.0, "medium": 0.28, "long": 0.42, "tail": 0.12, "bun": 0.12}
"""How far hair reaches into the face: larger covers more."""


def paint_hair_behind(canvas: Canvas, person: Person, pose: Pose) -> None:
    """Long hair or a tail down the back; before or after the trunk as the view demands."""
    body = person.body
    if body.hair not in ("long", "tail"):
        return
    turn = pose.stance.azimuth
    right, up, _ = pose["head"]
    back = right - 0.75 * body.head * sin(turn)
    length, wide = (2.5, 0.80) if body.hair == "long" else (2.4, 0.30)
    radius = wide * body.head * (0.75 + 0.25 * abs(cos(turn)))
    end = (back - 0.03 * sin(turn), up - length * body.head)
    patch = canvas.tube((back, up), end, (radius, radius, 0.6 * radius))
    canvas.paint(Part.HAIR, patch, body.hair_colour)


def paint_head(canvas: Canvas, person: Person, pose: Pose) -> None:
    """Neck and head, with face, hair and hat where the view shows them."""
    body = person.body
    right, up, _ = pose["head"]
    neck = canvas.tube((right, up - 0.6 * body.head), pose["neck"][:2], (0.028, 0.034))
    canvas.paint(Part.FACE, neck, [0.88 * value for value in body.skin])
    round_ = 0.80 if abs(cos(pose.stance.azimuth)) > 0.5 else 0.88
    head = canvas.ellipse((right, up), (round_ * body.head, body.head))
    if head is None:
        return
    front = _frontness(head, pose.stance.azimuth)
    canvas.paint(Part.FACE, head, _face(person, head, front))
    if body.hair == "bun":
        centre = (right - 0.95 * body.head * sin(pose.stance.azimuth), up + 0.55 * body.head)
        bun = canvas.ellipse(centre, (0.42 * body.head, 0.42 * body.head))
        if cos(pose.stance.azimuth) < 0.6:
            canvas.paint(Part.HAIR, bun, body.hair_colour)
    if body.hair != "bald":
        bulk = 1.08 if body.hair == "short" else 1.16
        cap = canvas.ellipse(
            (right, up + 0.05 * body.head), (bulk * round_ * body.head, bulk * 0.99 * body.head)
        )
        if cap is not None:
            canvas.paint(Part.HAIR, cap, body.hair_colour, mask=_hair_mask(person, pose, cap))
    _paint_hat(canvas, person, pose, round_)


def _frontness(patch: Patch, azimuth: float) -> FloatArray:
    """(h, w) cosine of the angle between the surface and the direction of the nose."""
    nx, _, nz = patch.normal
    return nx * np.float32(sin(azimuth)) + nz * np.float32(cos(azimuth))


def _face(person: Person, head: Patch, front: FloatArray) -> FloatArray:
    """Skin with a band of eyes, or glasses, and a darker jaw."""
    body = person.body
    strength = {"none": 0.45, "clear": 0.7, "dark": 0.95}[body.glasses]
    high = 0.10 if body.glasses == "none" else 0.13
    height = (head.along - 0.47) / np.float32(high)
    eyes = np.exp(-height * height) * soft_step(front - 0.45, 3.0)
    gap = 1.0 if body.glasses == "dark" else 0.4
    eyes *= 1.0 - np.float32(1.0 - gap) * soft_step(front - 0.96, 12.0)
    return blend(body.skin, (0.10, 0.08, 0.08), np.float32(strength) * eyes)


def _hair_mask(person: Person, pose: Pose, cap: Patch) -> FloatArray:
    """(h, w) where hair covers the head: above the hairline, and behind the ears."""
    front = _frontness(cap, pose.stance.azimuth)
    reach = np.float32(_HAIRLINE[person.body.hair])
    height = 1.0 - 2.0 * cap.along
    low = np.float32(-0.45 if person.body.hair in ("short", "tail", "bun") else -0.9)
    behind = soft_step(0.22 + 0.5 * reach - front, 4.0) * soft_step(height - low, 4.0)
    above = soft_step(height - 0.55 + 0.35 * reach, 5.0)
    covered: FloatArray = np.maximum(behind, above)
    return covered


def _paint_hat(canvas: Canvas, person: Person, pose: Pose, round_: float) -> None:
    kind, size = person.outfit.hat, person.body.head
    if kind == "none":
        return
    right, up, _ = pose["head"]
    centre = (right, up + 0.12 * size)
    dome = canvas.ellipse(centre, (1.14 * round_ * size, 1.02 * size))
    if dome is None:
        return
    edge = 0.42 if kind == "cap" else 0.5
    canvas.paint(Part.HAT, dome, person.outfit.hat_colour, mask=soft_step(edge - dome.along, 9.0))
    if kind == "cap" and cos(pose.stance.azimuth) > -0.35:
        turn = pose.stance.azimuth
        level = up + 0.26 * size
        start = (right + 0.3 * size * sin(turn) - 0.5 * size * abs(cos(turn)), level)
        end = (right + 1.5 * size * sin(turn) + 0.5 * size * abs(cos(turn)), level - 0.12 * size)
        brim = canvas.tube(start, end, (0.15 * size, 0.12 * size))
        canvas.paint(Part.HAT, brim, [0.7 * value for value in person.outfit.hat_colour])
