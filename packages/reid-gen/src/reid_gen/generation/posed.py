"""Images of people with their keypoints, placed on the canvas that a generator draws on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from torch import Tensor

from reid_data.preprocess.heatmaps import joint_heatmaps, part_heatmaps
from reid_data.preprocess.pairs import Pairs, complete_bodies, ordered_pairs
from reid_data.preprocess.pose_labels import poses_of
from reid_data.preprocess.poses import Poses, match_poses, scale_joints
from reid_data.records import Ids, Records

__all__ = ["PoseCanvas", "PosedImages", "find_pairs", "named_pairs", "pose_images"]


@dataclass(frozen=True)
class PoseCanvas:
    """How poses become maps.

    Attributes:
        size: height and width in pixels.
        sigma: of joints, in pixels of a canvas of height 128.
    """

    size: tuple[int, int]
    sigma: float = 6.0

    def joints(self, joints: Tensor) -> Tensor:
        """Heatmaps (B, 18, H, W) of joints (B, 18, 2)."""
        return joint_heatmaps(joints, size=self.size, sigma=self.sigma * self._scale)

    def parts(self, joints: Tensor) -> Tensor:
        """Maps (B, 10, H, W) of the body's parts."""
        return part_heatmaps(joints, size=self.size, softness=2 * self._scale)

    @property
    def _scale(self) -> float:
        return self.size[0] / 128


@dataclass(frozen=True, eq=False)
class PosedImages:
    """Images, and where the joints of each are on the canvas.

    Attributes:
        records: one row an image.
        joints: (N, 18, 2) float32, x and y on the canvas in OpenPose's order, NaN where missing.
        complete: (N,) bool, whether both shoulders and both hips are known.
        canvas: its size, height and width.
    """

    records: Records
    joints: npt.NDArray[np.float32]
    complete: npt.NDArray[np.bool_]
    canvas: tuple[int, int]

    def __len__(self) -> int:
        return len(self.records)

    def take(self, rows: npt.NDArray[np.integer] | npt.NDArray[np.bool_]) -> PosedImages:
        """These images in this order."""
        return PosedImages(
            self.records.take(rows), self.joints[rows], self.complete[rows], self.canvas
        )


def pose_images(
    records: Records, poses: Poses, *, canvas: tuple[int, int], skip_poseless: bool = False
) -> PosedImages:
    """Join images with their keypoints.

    Args:
        records: the images.
        poses: of these and maybe others, in pixels of their images, named in any usual way.
        canvas: height and width that joints are scaled to.
        skip_poseless: leave out images without keypoints instead of refusing them.

    Raises:
        ValueError: an image has no keypoints.
        UnreadableImagesError: an image cannot be read.
    """
    found = poses_of(poses, records)
    rows = match_poses(found.names, records.table["path"].tolist())
    absent = np.flatnonzero(rows < 0)
    if len(absent) and not skip_poseless:
        first = records.table["path"].iloc[int(absent[0])]
        raise ValueError(
            f"{len(absent)} of {len(records)} images have no keypoints, first {first}; a pose "
            "estimator's file, or reid-data synth --annotations, has them; --skip-poseless goes on "
            "without these images"
        )
    kept = np.flatnonzero(rows >= 0)
    taken = found.take(rows[kept]).to("openpose18")
    joints = scale_joints(taken.joints, sizes=taken.sizes, canvas=canvas).astype(np.float32)
    return PosedImages(records.take(kept), joints, complete_bodies(taken), canvas)


def find_pairs(images: PosedImages, *, kind: Literal["all", "same_camera"]) -> Ids:
    """All ordered pairs of different images of one person that show shoulders and hips.

    Args:
        images: of any people.
        kind: whether both must be of one camera.

    Returns:
        Rows (P, 2) int64: source and target.

    Raises:
        ValueError: there are none.
    """
    usable = np.flatnonzero(images.complete & (images.records.pids >= 0))
    pairs = usable[np.stack(ordered_pairs(images.records.pids[usable]), axis=1)]
    if kind == "same_camera" and len(pairs):
        cameras = images.records.camids[pairs]
        pairs = pairs[cameras[:, 0] == cameras[:, 1]]
    if not len(pairs):
        where = " of one camera" if kind == "same_camera" else ""
        raise ValueError(
            f"no two images{where} of one person show shoulders and hips ({len(images)} images, "
            f"{len(usable)} of them complete)"
        )
    return pairs


def named_pairs(images: PosedImages, pairs: Pairs, *, source: Path | str) -> Ids:
    """The rows of pairs that are given by name.

    Args:
        images: among which they are.
        pairs: names as `reid_data.preprocess.read_pairs` reads them.
        source: the file, for the message.

    Returns:
        Rows (P, 2) int64.

    Raises:
        ValueError: a name is of no image, or of one without keypoints.
    """
    if not len(pairs):
        raise ValueError(f"{source} holds no pairs; reid-data pairs writes some")
    paths = images.records.table["path"].tolist()
    names = list(dict.fromkeys((*pairs.sources, *pairs.targets)))
    rows = np.full(len(names), -1, dtype=np.int64)
    found = match_poses(names, paths)
    rows[found[found >= 0]] = np.flatnonzero(found >= 0)
    if (rows < 0).any():
        first = names[int((rows < 0).argmax())]
        raise ValueError(
            f"{source} names {int((rows < 0).sum())} images that are not here or have no "
            f"keypoints, first {first}; reid-data pairs writes the pairs of a data set"
        )
    of = dict(zip(names, rows.tolist(), strict=True))
    chosen = [(of[a], of[b]) for a, b in zip(pairs.sources, pairs.targets, strict=True)]
    return np.array(chosen, dtype=np.int64)
