"""Frames in the fixed size of a detector, their proportions kept, and boxes back from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid_attr.video.detections import Boxes
from reid_data.images import Pixels, resize

__all__ = ["Letterbox"]

_GREY = 114  # what YOLO models are trained with


@dataclass(frozen=True)
class Letterbox:
    """Frames of one size, scaled to fit into another, grey where they do not fill it.

    Attributes:
        frame: height and width of the frames.
        size: height and width of what is made of them.

    Examples:
        >>> box = Letterbox((100, 200), (64, 64))
        >>> box.back(np.array([[0.0, 16.0, 64.0, 48.0]]))
        array([[  0.,   0., 200., 100.]], dtype=float32)
    """

    frame: tuple[int, int]
    size: tuple[int, int]

    @property
    def scale(self) -> float:
        """Pixels of what is made for one of the frame."""
        return min(self.size[0] / self.frame[0], self.size[1] / self.frame[1])

    @property
    def inner(self) -> tuple[int, int]:
        """Height and width of the scaled frame."""
        height, width = (max(1, round(side * self.scale)) for side in self.frame)
        return height, width

    @property
    def corner(self) -> tuple[int, int]:
        """Its row and column in the middle of the grey."""
        return (self.size[0] - self.inner[0]) // 2, (self.size[1] - self.inner[1]) // 2

    def make(self, image: Pixels) -> Pixels:
        """Scale a frame; uint8 ``(*size, 3)``."""
        made = np.full((*self.size, 3), _GREY, np.uint8)
        (top, left), (height, width) = self.corner, self.inner
        made[top : top + height, left : left + width] = resize(image, self.inner)
        return made

    def back(self, boxes: NDArray[Any]) -> Boxes:
        """Boxes ``(N, 4)`` found in it, in pixels of the frame."""
        top, left = self.corner
        moved: Boxes = ((boxes - [left, top, left, top]) / self.scale).astype(np.float32)
        return moved
