"""Drawing a person: parts from the farthest to the nearest."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import cos

from .canvas import Canvas
from .head import paint_hair_behind, paint_head
from .limbs import paint_arm, paint_leg
from .luggage import bag_depth, paint_bag, paint_strap
from .people import Person
from .pose import Pose
from .trunk import paint_hips, paint_upper

__all__ = ["draw_person"]

_Layer = tuple[float, Callable[[], None]]


def draw_person(canvas: Canvas, person: Person, pose: Pose) -> None:
    """Paint a person onto a canvas.

    Args:
        canvas: what is painted on; its foot is where the person stands.
        person: the identity.
        pose: joints of the same person, from `walking_pose`.
    """
    for _, paint in sorted(_layers(canvas, person, pose), key=lambda layer: layer[0]):
        paint()


def _layers(canvas: Canvas, person: Person, pose: Pose) -> list[_Layer]:
    """Everything to paint with its depth; the trunk stands at 0, the head just before it."""
    hips = -0.0002 if person.outfit.lower_kind == "skirt" else -0.2
    layers: list[_Layer] = [
        (hips, partial(paint_hips, canvas, person, pose)),
        (0.0, partial(paint_upper, canvas, person, pose)),
        (0.0001, partial(paint_strap, canvas, person, pose)),
        (0.03, partial(paint_head, canvas, person, pose)),
        (0.031 if cos(pose.stance.azimuth) < 0.0 else -0.2,
         partial(paint_hair_behind, canvas, person, pose)),
    ]  # fmt: skip
    for side in ("left", "right"):
        # legs are always below the hem; which of them is nearer decides among the two
        depth = pose[f"{side}_ankle"][2] + 2 * pose[f"{side}_hip"][2]
        layers.append((-0.1 + 0.01 * depth, partial(paint_leg, canvas, person, pose, side)))
        depth = pose[f"{side}_elbow"][2] + 0.02
        layers.append((depth, partial(paint_arm, canvas, person, pose, side)))
    if person.outfit.bag != "none":
        depth = bag_depth(person, pose)
        layers.append((depth, partial(paint_bag, canvas, person, pose)))
    return layers
