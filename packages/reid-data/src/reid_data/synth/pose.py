"""Walking poses: where the joints are, seen by a camera.

Body coordinates are (left, up, forward) in body heights with the ground at 0; view coordinates are
(right, up, towards the camera). The azimuth is the angle between the walking direction and the
camera: 0 sees the face, pi the back, +pi/2 a person who walks to the right of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np
import numpy.typing as npt

from .people import Body

__all__ = ["JOINTS", "OPENPOSE_18", "Pose", "Stance", "walking_pose"]

OPENPOSE_18 = (
    "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow",
    "left_wrist", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle",
    "right_eye", "left_eye", "right_ear", "left_ear",
)  # fmt: skip
"""The 18 keypoints in OpenPose's order."""

JOINTS = (
    *OPENPOSE_18, "head", "chest", "waist", "pelvis", "crotch", "right_hand", "left_hand",
    "right_toe", "left_toe", "right_heel", "left_heel", "back",
)  # fmt: skip
"""Everything that a pose places: the keypoints, then what the drawing needs besides."""

_INDEX = {name: index for index, name in enumerate(JOINTS)}

_Point = tuple[float, float, float]


@dataclass(frozen=True)
class Stance:
    """How a body is caught at one moment.

    Attributes:
        azimuth: walking direction relative to the camera, radians, 0 is frontal.
        elevation: how far the camera looks down, radians.
        phase: where in the step, radians.
        swing: amplitude of the step, 0 stands still, 1 strides.
    """

    azimuth: float
    elevation: float = 0.15
    phase: float = 0.0
    swing: float = 1.0


@dataclass(frozen=True)
class Pose:
    """Projected joints.

    Attributes:
        points: (J, 3) float64: right, up and depth towards the camera, in body heights.
        stance: how the body stands.
    """

    points: npt.NDArray[np.float64]
    stance: Stance

    def __getitem__(self, joint: str) -> _Point:
        right, up, depth = self.points[_INDEX[joint]].tolist()
        return right, up, depth


def walking_pose(body: Body, stance: Stance) -> Pose:
    """The joints of a walking body.

    Args:
        body: lengths of the limbs.
        stance: direction and phase.

    Returns:
        All of `JOINTS` in view coordinates.
    """
    joints = _trunk(body)
    for side, name in ((1.0, "left"), (-1.0, "right")):
        joints |= _leg(body, stance, side, name)
        joints |= _arm(body, stance, joints[f"{name}_shoulder"], side, name)
    solid = np.array([joints[name] for name in JOINTS])
    # the pelvis sinks when the legs are spread: the lower foot stays on the ground
    solid[:, 1] -= min(joints["left_heel"][1], joints["right_heel"][1], 0.03) - 0.01
    return Pose(points=_project(solid, stance), stance=stance)


def _trunk(body: Body) -> dict[str, _Point]:
    half, crown = 0.095 * body.shoulders * (0.6 + 0.4 * body.build), 1.0
    head = crown - body.head
    chin = head - body.head
    neck = chin - 0.025
    shoulder = neck - 0.040
    eye, ear = 0.42 * body.head, 0.78 * body.head
    return {
        "nose": (0.0, head - 0.15 * body.head, 0.95 * body.head),
        "head": (0.0, head, 0.01),
        "neck": (0.0, neck, 0.0),
        "chest": (0.0, shoulder - 0.06, 0.0),
        "waist": (0.0, body.legs + 0.09, 0.0),
        "pelvis": (0.0, body.legs + 0.01, 0.0),
        "crotch": (0.0, body.legs - 0.045, 0.0),
        "back": (0.0, shoulder - 0.13, -0.10 - 0.03 * body.belly),
        "left_shoulder": (half, shoulder, 0.0),
        "right_shoulder": (-half, shoulder, 0.0),
        "left_eye": (eye, head + 0.05 * body.head, 0.8 * body.head),
        "right_eye": (-eye, head + 0.05 * body.head, 0.8 * body.head),
        "left_ear": (ear, head - 0.05 * body.head, 0.0),
        "right_ear": (-ear, head - 0.05 * body.head, 0.0),
    }


def _leg(body: Body, stance: Stance, side: float, name: str) -> dict[str, _Point]:
    phase = stance.phase + (0.0 if side > 0 else pi)
    reach = stance.swing * body.stride
    thigh = 0.42 * reach * sin(phase) + 0.03
    bend = 0.06 + reach * (0.12 + 0.75 * max(0.0, cos(phase)) ** 2)
    upper = 0.47 * body.legs
    lower = 0.45 * body.legs
    across = side * 0.052 * (0.5 + 0.5 * body.build)
    hip = (across, body.legs, 0.0)
    knee = _swung(hip, upper, thigh)
    ankle = _swung(knee, lower, thigh - bend)
    tilt = 0.25 * (thigh - bend)
    heel = (across, ankle[1] - 0.03 * cos(tilt), ankle[2] - 0.018)
    toe = (across * 1.25, heel[1] + 0.09 * sin(tilt) + 0.002, heel[2] + 0.115 * cos(tilt))
    return {
        f"{name}_hip": hip,
        f"{name}_knee": knee,
        f"{name}_ankle": ankle,
        f"{name}_heel": heel,
        f"{name}_toe": toe,
    }


def _arm(body: Body, stance: Stance, shoulder: _Point, side: float, name: str) -> dict[str, _Point]:
    phase = stance.phase + (pi if side > 0 else 0.0)
    reach = stance.swing * body.stride
    swing = 0.45 * reach * sin(phase) - 0.02
    bend = 0.18 + 0.35 * reach * (0.5 + 0.5 * sin(phase))
    spread = side * (0.020 + 0.014 * body.build)
    elbow = _swung(shoulder, 0.168, swing, across=spread)
    wrist = _swung(elbow, 0.140, swing + bend, across=spread * 0.15)
    hand = _swung(wrist, 0.045, swing + bend)
    return {f"{name}_elbow": elbow, f"{name}_wrist": wrist, f"{name}_hand": hand}


def _swung(start: _Point, length: float, angle: float, *, across: float = 0.0) -> _Point:
    """The end of a hanging limb of ``length`` that is swung forward by ``angle``."""
    return (
        start[0] + across,
        start[1] - length * cos(angle),
        start[2] + length * sin(angle),
    )


def _project(solid: npt.NDArray[np.float64], stance: Stance) -> npt.NDArray[np.float64]:
    left, up, forward = solid.T
    turn, tilt = stance.azimuth, stance.elevation
    right = left * cos(turn) + forward * sin(turn)
    depth = forward * cos(turn) - left * sin(turn)
    # a camera that looks down sees near things lower, and the head larger than the feet
    near = 1.0 + 0.30 * sin(tilt) * (up - 0.5)
    return np.stack([right * near, up * cos(tilt) - depth * sin(tilt), depth], axis=1)
