"""Arms and legs, with what covers them."""

from __future__ import annotations

from .canvas import Canvas, Patch
from .fabric import Tint, blend, cloth, soft_step
from .parts import Part
from .people import Person
from .pose import Pose

__all__ = ["paint_arm", "paint_leg"]

_LONG_SLEEVES = ("sweater", "jacket", "coat")


def paint_leg(canvas: Canvas, person: Person, pose: Pose, side: str) -> None:
    """Thigh, calf and shoe of one side, ``"left"`` or ``"right"``."""
    outfit, width = person.outfit, 0.5 + 0.5 * person.body.build
    covered = outfit.lower_length if outfit.lower_kind != "skirt" else 0.0
    loose = 1.12 if covered > 1.5 else 1.0
    hip, knee, ankle = (pose[f"{side}_{joint}"][:2] for joint in ("hip", "knee", "ankle"))
    skin = Part.LEFT_LEG if side == "left" else Part.RIGHT_LEG
    thigh = canvas.tube(hip, knee, (0.062 * width, 0.052 * width, 0.043 * width * loose))
    calf_end = 0.034 * loose if covered > 1.5 else 0.024
    calf = canvas.tube(knee, ankle, (0.041 * width * loose, 0.040 * width, calf_end * width))
    for patch, start in ((calf, 1.0), (thigh, 0.0)):
        if patch is not None:
            part = Part.TROUSERS if covered > start + 0.5 else skin
            canvas.paint(part, patch, _leg_tint(person, pose, patch, covered - start, start > 0))
    _paint_shoe(canvas, person, pose, side)


def _leg_tint(person: Person, pose: Pose, patch: Patch, covered: float, lower: bool) -> Tint:
    """Cloth down to ``covered`` of the patch, then skin, then sock or boot."""
    outfit = person.outfit
    fabric = cloth(outfit.lower, patch, pose.stance.azimuth, limb=True)
    if covered >= 1.0:
        return fabric
    bare: Tint = person.body.skin
    if lower:
        low, edge = (outfit.shoes, 0.35) if outfit.boots else (outfit.socks, 0.8)
        bare = blend(bare, low, soft_step(patch.along - edge, 12.0))
    return blend(bare, fabric, soft_step(covered - patch.along, 12.0)) if covered > 0 else bare


def _paint_shoe(canvas: Canvas, person: Person, pose: Pose, side: str) -> None:
    part = Part.LEFT_SHOE if side == "left" else Part.RIGHT_SHOE
    heel, toe, ankle = (pose[f"{side}_{joint}"][:2] for joint in ("heel", "toe", "ankle"))
    canvas.paint(part, canvas.tube(ankle, heel, (0.022, 0.026)), person.outfit.shoes)
    canvas.paint(part, canvas.tube(heel, toe, (0.026, 0.027, 0.019)), person.outfit.shoes)


def paint_arm(canvas: Canvas, person: Person, pose: Pose, side: str) -> None:
    """Upper arm, forearm and hand of one side."""
    outfit, width = person.outfit, 0.45 + 0.55 * person.body.build
    sleeve = outfit.upper_kind in _LONG_SLEEVES
    thick = width * (1.18 if sleeve else 1.0)
    skin = Part.LEFT_ARM if side == "left" else Part.RIGHT_ARM
    shoulder, elbow, wrist, hand = (
        pose[f"{side}_{joint}"][:2] for joint in ("shoulder", "elbow", "wrist", "hand")
    )
    canvas.paint(skin, canvas.tube(wrist, hand, (0.015, 0.020)), person.body.skin)
    part = Part.UPPER_CLOTHES if sleeve else skin
    fore = canvas.tube(elbow, wrist, (0.027 * thick, 0.025 * thick, 0.018 * thick))
    if fore is not None:
        tint = cloth(outfit.upper, fore, pose.stance.azimuth, limb=True)
        canvas.paint(part, fore, tint if sleeve else person.body.skin)
    upper = canvas.tube(shoulder, elbow, (0.028 * thick, 0.031 * thick, 0.028 * thick))
    if upper is None or outfit.upper_kind == "sleeveless":
        canvas.paint(skin, upper, person.body.skin)
        return
    tint = cloth(outfit.upper, upper, pose.stance.azimuth, limb=True)
    if not sleeve:
        tint = blend(person.body.skin, tint, soft_step(0.72 - upper.along, 12.0))
    canvas.paint(Part.UPPER_CLOTHES, upper, tint)
