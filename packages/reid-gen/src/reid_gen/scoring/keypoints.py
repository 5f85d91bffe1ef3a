"""PCKh: the share of joints that are where they should be, by the size of the head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["HeadScore", "pckh"]

_HEAD = (0, 1, 14, 15, 16, 17)
"""Nose, neck, eyes and ears of OpenPose's 18 joints, whose box is the head's."""


@dataclass(frozen=True)
class HeadScore:
    """PCKh and its denominators.

    Attributes:
        found: right joints over the joints that target *and* image have.
        all: right joints over all joints of the target; a joint that was not found is wrong.
        joints: how many the targets have.
        missing: how many of these were not found in the images.
        images: how many were counted.
        headless: images left out because the target's head has no size.
    """

    found: float
    all: float
    joints: int
    missing: int
    images: int
    headless: int


def pckh(
    joints: NDArray[np.floating], targets: NDArray[np.floating], *, alpha: float = 0.5
) -> HeadScore:
    """Count joints within ``alpha`` of the head's size (diagonal of its box) of their target.

    Args:
        joints: (N, 18, 2) read from the generated images, NaN where not found.
        targets: (N, 18, 2) of the poses asked for, NaN where the pose has none.
        alpha: share of the head's size.

    Raises:
        ValueError: shapes do not fit, or no target has a head and a joint.
    """
    if joints.shape != targets.shape or joints.ndim != 3 or joints.shape[1:] != (18, 2):
        raise ValueError(f"expected joints (N, 18, 2) twice, came {joints.shape}, {targets.shape}")
    head = targets[:, _HEAD]
    low = np.where(np.isnan(head), np.inf, head).min(axis=1)
    high = np.where(np.isnan(head), -np.inf, head).max(axis=1)
    size = np.linalg.norm(np.maximum(high - low, 0), axis=1)
    kept = np.isfinite(size) & (size > 0)
    asked = ~np.isnan(targets[kept]).any(axis=2)
    if not asked.any():
        raise ValueError(f"none of {len(targets)} targets has a head and a joint to compare with")
    seen = asked & ~np.isnan(joints[kept]).any(axis=2)
    with np.errstate(invalid="ignore"):
        near = np.linalg.norm(joints[kept] - targets[kept], axis=2) <= alpha * size[kept, None]
    right = int((near & seen).sum())
    return HeadScore(
        found=right / max(int(seen.sum()), 1),
        all=right / int(asked.sum()),
        joints=int(asked.sum()),
        missing=int((asked & ~seen).sum()),
        images=int(kept.sum()),
        headless=int((~kept).sum()),
    )
