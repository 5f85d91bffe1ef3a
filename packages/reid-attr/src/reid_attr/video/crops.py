"""People cut out of frames, in the size that a network takes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid_attr.video.detections import Boxes
from reid_data.images import Pixels, resize

__all__ = ["cut", "seen_edges"]

_SMALLEST = 2  # pixels of a side below which there is nothing to see


def seen_edges(boxes: Boxes, frame: tuple[int, ...]) -> NDArray[np.int64]:
    """Left, top, right, bottom ``(N, 4)`` of what lies within a frame, in whole pixels.

    Boxes outside of it have no pixels.

    Args:
        boxes: see `Boxes`.
        frame: height and width, and what follows.
    """
    limits = [frame[1], frame[0], frame[1], frame[0]]
    edges: NDArray[np.int64] = np.rint(boxes).clip(0, limits).astype(np.int64)
    return edges


def cut(
    image: Pixels, boxes: Boxes, size: tuple[int, int]
) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """Cut boxes out of a frame, without a margin, and resize them.

    Args:
        image: ``(H, W, 3)``.
        boxes: ``(N, 4)``; they may reach out of it, and are cut at its border.
        size: height and width to make.

    Returns:
        ``(M, *size, 3)``, and of which boxes they are ``(M,)``; those with less than two pixels
        within the frame are left out.
    """
    edges = seen_edges(boxes, image.shape)
    rows = np.flatnonzero(((edges[:, 2:] - edges[:, :2]) >= _SMALLEST).all(axis=1))
    crops = np.empty((len(rows), *size, 3), np.uint8)
    # One by one: every box has another size.
    for crop, (left, top, right, bottom) in zip(crops, edges[rows].tolist(), strict=True):
        resize(image[top:bottom, left:right], size, out=crop)
    return crops, rows
