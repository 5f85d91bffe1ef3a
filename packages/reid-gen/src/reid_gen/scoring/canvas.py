"""Joints of images, on the canvas on which the images are compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reid_data.preprocess.poses import Poses, match_poses, scale_joints

__all__ = ["joints_on"]


def joints_on(
    files: Sequence[Path], poses: Poses, *, size: tuple[int, int], needed: bool
) -> NDArray[np.float64]:
    """OpenPose's 18 joints (N, 18, 2) of images, scaled to a canvas; NaN where not found.

    Args:
        files: the images; those whose size the poses do not know are asked for it.
        poses: by the images' names.
        size: height and width of the canvas.
        needed: whether every image must have a pose.

    Raises:
        ValueError: an image has no pose and needs one.
    """
    rows = match_poses(poses.names, [file.name for file in files])
    absent = rows < 0
    if needed and absent.any():
        raise ValueError(
            f"{int(absent.sum())} of {len(files)} targets have no keypoints, first "
            f"{files[int(absent.argmax())].name}; reid-data poses writes keypoint files"
        )
    if absent.all():
        return np.full((len(files), 18, 2), np.nan)
    canvases = poses.sizes[rows]
    unknown = np.isnan(canvases).any(axis=1) & ~absent
    for row in unknown.nonzero()[0].tolist():
        with Image.open(files[row]) as image:
            canvases[row] = image.height, image.width
    canvases[absent] = size
    joints = np.where(absent[:, None, None], np.nan, poses.to("openpose18").joints[rows])
    return np.asarray(scale_joints(joints, sizes=canvases, canvas=size), np.float64)
