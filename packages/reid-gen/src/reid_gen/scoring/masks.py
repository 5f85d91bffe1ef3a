"""Where the person of a pose is, for mask-SSIM."""

from __future__ import annotations

import torch
from torch import Tensor

from reid_data.preprocess.heatmaps import part_heatmaps

__all__ = ["pose_masks"]


def pose_masks(joints: Tensor, *, size: tuple[int, int], least: float = 0.1) -> Tensor:
    """Union of the soft body parts of a pose, cut at a level.

    The published mask is made of limb quadrangles and joint discs of 4 pixels; this one of the
    capsules of reid-data, which scale with the body.

    Args:
        joints: (B, 18, 2) in OpenPose's order, x and y in pixels of the canvas, NaN where missing.
        size: height and width of the canvas.
        least: of a part's map, from which on a pixel belongs to it.

    Returns:
        bool (B, H, W).
    """
    return torch.amax(part_heatmaps(joints, size=size), dim=1) >= least
