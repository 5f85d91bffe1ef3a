"""Keypoints of people: two orders of joints, and what one does with either.

COCO's 17 joints (AlphaPose) and OpenPose's 18, which add the neck. PATN's list of OpenPose's names
exchanges the eyes and the ears, against its own limbs; here 14 is the right eye, 16 the right ear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal

import numpy as np
import numpy.typing as npt

from reid_data.preprocess.naming import image_id
from reid_data.records import Ids

__all__ = [
    "JOINT_NAMES",
    "LIMBS",
    "Joints",
    "Layout",
    "Poses",
    "convert_joints",
    "flip_joints",
    "match_poses",
    "scale_joints",
]

Layout = Literal["coco17", "openpose18"]
"""The order of the joints."""

Joints = npt.NDArray[np.float64]
"""x and y of each joint in pixels, ``(..., J, 2)``; NaN where a joint was not found."""

_LIMB_JOINTS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")

JOINT_NAMES: dict[Layout, tuple[str, ...]] = {
    "coco17": (
        "nose",
        *(f"{side}_{part}" for part in ("eye", "ear", *_LIMB_JOINTS) for side in ("left", "right")),
    ),
    "openpose18": (
        "nose",
        "neck",
        *(f"{side}_{part}" for side in ("right", "left") for part in _LIMB_JOINTS[:3]),
        *(f"{side}_{part}" for side in ("right", "left") for part in _LIMB_JOINTS[3:]),
        *(f"{side}_{part}" for part in ("eye", "ear") for side in ("right", "left")),
    ),
}
"""The names of the joints, in their order."""

_LIMB_NAMES = (
    ("nose", "neck"),
    ("nose", "left_eye"),
    ("nose", "right_eye"),
    ("left_eye", "left_ear"),
    ("right_eye", "right_ear"),
    *(
        (f"{side}_{start}", f"{side}_{end}")
        for side in ("left", "right")
        for start, end in (
            ("shoulder", "elbow"),
            ("elbow", "wrist"),
            ("shoulder", "hip"),
            ("hip", "knee"),
            ("knee", "ankle"),
        )
    ),
    ("left_shoulder", "right_shoulder"),
    ("left_hip", "right_hip"),
)

LIMBS: dict[Layout, tuple[tuple[int, int], ...]] = {
    layout: tuple(
        (names.index(start), names.index(end))
        for start, end in _LIMB_NAMES
        if start in names and end in names
    )
    for layout, names in JOINT_NAMES.items()
}
"""Pairs of joints to draw lines between."""


@dataclass(frozen=True, eq=False)
class Poses:
    """The pose of the one person that each image shows.

    Attributes:
        names: what the image is called in its file, ``(N,)``, each once.
        joints: ``(N, J, 2)``, x and y in pixels of the image, NaN where not found.
        layout: the order of the joints.
        sizes: height and width of each image, ``(N, 2)``, NaN where unknown.

    Raises:
        ValueError: shapes do not fit, or a name occurs twice.
    """

    names: tuple[str, ...]
    joints: Joints
    layout: Layout
    sizes: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        count = len(self.names)
        expected = (count, len(JOINT_NAMES[self.layout]), 2)
        if self.joints.shape != expected or self.sizes.shape != (count, 2):
            raise ValueError(
                f"expected joints {expected} and sizes {(count, 2)}, came {self.joints.shape} and "
                f"{self.sizes.shape}"
            )
        if len(set(self.names)) < count:
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise ValueError(f"expected one pose an image; {twice!r} has several")

    def __len__(self) -> int:
        return len(self.names)

    def to(self, layout: Layout) -> Poses:
        """The same poses in another order of joints; see `convert_joints`."""
        joints = convert_joints(self.joints, self.layout, layout)
        return replace(self, joints=joints, layout=layout)

    def with_sizes(self, sizes: npt.ArrayLike) -> Poses:
        """The same poses with heights and widths, ``(N, 2)`` or one ``(2,)`` for all."""
        array = np.broadcast_to(np.asarray(sizes, dtype=np.float64), (len(self), 2))
        return replace(self, sizes=array)

    def take(self, indices: Sequence[int] | npt.NDArray[np.integer]) -> Poses:
        """Keep these poses, in the given order."""
        rows = np.asarray(indices, dtype=np.int64)
        names = tuple(self.names[row] for row in rows.tolist())
        return replace(self, names=names, joints=self.joints[rows], sizes=self.sizes[rows])


def convert_joints(joints: Joints, source: Layout, target: Layout) -> Joints:
    """Put joints into another order; the neck is the middle of the shoulders.

    Args:
        joints: ``(..., J, 2)``.
        source: their order.
        target: the order wanted.

    Returns:
        A new array ``(..., J', 2)``; NaN stays NaN, and a neck needs both shoulders.

    Examples:
        >>> joints = np.arange(34.0).reshape(17, 2)
        >>> convert_joints(joints, "coco17", "openpose18")[:2].tolist()
        [[0.0, 1.0], [11.0, 12.0]]
    """
    names = JOINT_NAMES[source]
    if joints.shape[-2:] != (len(names), 2):
        raise ValueError(f"expected joints (..., {len(names)}, 2), came {joints.shape}")
    if "neck" not in names:
        shoulders = [names.index("left_shoulder"), names.index("right_shoulder")]
        neck = joints[..., shoulders, :].mean(axis=-2, keepdims=True)
        joints, names = np.concatenate([joints, neck], axis=-2), (*names, "neck")
    return joints[..., [names.index(name) for name in JOINT_NAMES[target]], :]


def flip_joints(joints: Joints, *, width: float, layout: Layout) -> Joints:
    """The joints of the mirrored image: columns mirrored, and left and right exchanged.

    Published code mirrors the heatmaps and forgets the exchange.

    Args:
        joints: ``(..., J, 2)``.
        width: of the image; column 0 becomes column ``width - 1``.
        layout: their order.
    """
    names = JOINT_NAMES[layout]
    mirrored = {"left": "right", "right": "left"}
    partners = []
    for name in names:
        side, _, part = name.partition("_")
        partners.append(names.index(f"{mirrored[side]}_{part}" if side in mirrored else name))
    flipped = joints[..., partners, :].copy()
    flipped[..., 0] = width - 1 - flipped[..., 0]
    return flipped


def scale_joints(joints: Joints, *, sizes: npt.ArrayLike, canvas: tuple[int, int]) -> Joints:
    """Joints on an image resized to a canvas; pixel centres stay pixel centres.

    Args:
        joints: ``(N, J, 2)``.
        sizes: heights and widths of the images, ``(N, 2)`` or ``(2,)``.
        canvas: height and width.

    Examples:
        >>> scale_joints(np.array([[[0.0, 0.0]]]), sizes=(64, 32), canvas=(128, 64)).tolist()
        [[[0.5, 0.5]]]
    """
    ratios = np.asarray(canvas, dtype=np.float64) / np.asarray(sizes, dtype=np.float64)
    # Sizes are (height, width), joints (x, y).
    return (joints + 0.5) * ratios[..., None, ::-1] - 0.5


def match_poses(names: Sequence[str], paths: Sequence[str]) -> Ids:
    """Which pose belongs to each image, by the names that pose estimators give images.

    A pose may be called by the image's whole path, its last two parts, ``parent_stem`` or its
    file's name, each with or without a suffix.

    Args:
        names: of poses.
        paths: of images, relative to the root.

    Returns:
        Rows of the poses, ``(len(paths),)`` int64; -1 for images without a pose.

    Raises:
        ValueError: a name fits several images.
    """
    rows = {_stem(name): row for row, name in enumerate(names)}
    found = np.full(len(paths), -1, dtype=np.int64)
    for form in (_stem, _last_two, lambda path: image_id(path, "parent"), _last_one):
        open_rows = np.flatnonzero(found < 0).tolist()
        keys = [form(paths[row]) for row in open_rows]
        taken: dict[str, str] = {}
        for row, key in zip(open_rows, keys, strict=True):
            if key not in rows:
                continue
            # One image may stand in several splits.
            if taken.get(key, paths[row]) != paths[row]:
                raise ValueError(
                    f"the pose of {names[rows[key]]!r} fits {taken[key]} and {paths[row]}; name "
                    "poses by the path of their image"
                )
            found[row], taken[key] = rows[key], paths[row]
    return found


def _stem(name: str) -> str:
    """A path without the suffix of an image or a pose; a dot elsewhere stays."""
    place = PurePosixPath(name)
    suffixes = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".pkl", ".pickle", ".json")
    return (place.with_suffix("") if place.suffix.lower() in suffixes else place).as_posix()


def _last_two(path: str) -> str:
    return "/".join(_stem(path).split("/")[-2:])


def _last_one(path: str) -> str:
    return _stem(path).rsplit("/", 1)[-1]
