"""What people carry."""

from __future__ import annotations

from math import cos, sin

from .canvas import Canvas
from .parts import Part
from .people import Person
from .pose import Pose

__all__ = ["bag_depth", "paint_bag", "paint_strap"]


def bag_depth(person: Person, pose: Pose) -> float:
    """Depth of the bag towards the camera relative to the trunk, body heights."""
    if person.outfit.bag == "backpack":
        return pose["back"][2]
    return -person.outfit.bag_side * 0.15 * sin(pose.stance.azimuth) + 0.02


def paint_bag(canvas: Canvas, person: Person, pose: Pose) -> None:
    """A backpack, or a bag beside the hip or in the hand."""
    outfit, turn = person.outfit, pose.stance.azimuth
    colour = outfit.bag_colour
    if outfit.bag == "backpack":
        right, up, _ = pose["back"]
        half = ((0.088 * cos(turn)) ** 2 + (0.058 * sin(turn)) ** 2) ** 0.5
        top, bottom = (right, up + 0.055), (right, up - 0.12)
        pack = canvas.tube(top, bottom, (0.82 * half, half, half, 0.98 * half, 0.85 * half))
        canvas.paint(Part.BACKGROUND, pack, colour)
        if cos(turn) < 0.3:
            pocket = canvas.tube(
                (right, up - 0.06), (right, up - 0.115), (0.62 * half, 0.62 * half)
            )
            canvas.paint(Part.BACKGROUND, pocket, [0.8 * value + 0.06 for value in colour])
        return
    right, up = _hanging(person, pose)
    half = 0.055 if outfit.bag == "shoulder" else 0.062
    half *= 0.55 + 0.45 * abs(sin(turn))
    drop = 0.085 if outfit.bag == "shoulder" else 0.10
    body = canvas.tube((right, up), (right, up - drop), (half, half), round_start=False)
    canvas.paint(Part.BACKGROUND, body, colour)


def paint_strap(canvas: Canvas, person: Person, pose: Pose) -> None:
    """The strap of a shoulder bag, across the trunk from the other shoulder."""
    outfit = person.outfit
    if outfit.bag != "shoulder":
        return
    other = "right" if outfit.bag_side > 0 else "left"
    shoulder, neck = pose[f"{other}_shoulder"], pose["neck"]
    start = (0.5 * (shoulder[0] + neck[0]), shoulder[1] + 0.02)
    colour = [0.75 * value for value in outfit.bag_colour]
    canvas.paint(
        Part.BACKGROUND, canvas.tube(start, _hanging(person, pose), (0.009, 0.009)), colour
    )


def _hanging(person: Person, pose: Pose) -> tuple[float, float]:
    """Where the bag's upper edge hangs."""
    outfit, turn = person.outfit, pose.stance.azimuth
    side = "left" if outfit.bag_side > 0 else "right"
    if outfit.bag == "hand":
        right, up, _ = pose[f"{side}_hand"]
        return right, up - 0.02
    right, up, _ = pose["pelvis"]
    return right + outfit.bag_side * 0.135 * person.body.build * cos(turn), up + 0.02
