"""People found in one frame, and what finds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from reid_data.videos import VideoFrame, VideoInfo

__all__ = ["Boxes", "Detections", "Detector", "overlaps"]

Boxes = NDArray[np.float32]
"""``(N, 4)``: left, top, right and bottom in pixels from 0; they may reach out of the frame."""


@dataclass(frozen=True, eq=False)
class Detections:
    """The people of one frame.

    Attributes:
        boxes: ``(N, 4)``, see `Boxes`.
        scores: ``(N,)`` float32 in [0, 1], how sure it is that there is a person to be seen.
        ids: ``(N,)`` int64, who it is, where that is given with the boxes.

    Raises:
        ValueError: the shapes do not belong together.
    """

    boxes: Boxes
    scores: NDArray[np.float32]
    ids: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        count = len(self.boxes)
        wrong = self.boxes.shape != (count, 4) or self.scores.shape != (count,)
        if wrong or (self.ids is not None and self.ids.shape != (count,)):
            ids = None if self.ids is None else self.ids.shape
            raise ValueError(
                "expected boxes (N, 4), scores (N,) and perhaps ids (N,), came "
                f"{self.boxes.shape}, {self.scores.shape} and {ids}"
            )

    def __len__(self) -> int:
        return len(self.boxes)

    def take(self, rows: NDArray[Any]) -> Detections:
        """These of them, by number or by a mask."""
        ids = None if self.ids is None else self.ids[rows]
        return Detections(self.boxes[rows], self.scores[rows], ids)


class Detector(Protocol):
    """Finds people in frames."""

    def begin(self, clip: VideoInfo) -> None:
        """Be told of the clip before its first frame.

        Raises:
            ValueError: it does not go with this detector.
        """
        ...

    def detect(self, frames: Sequence[VideoFrame]) -> list[Detections]:
        """The people of each frame; the frames follow each other, and none comes twice."""
        ...

    def end(self, frames: int) -> None:
        """Be told after the last frame how many there were.

        Raises:
            ValueError: there should have been more.
        """
        ...


def overlaps(boxes: NDArray[Any], others: NDArray[Any]) -> NDArray[np.float64]:
    """Intersection over union of each box with each other one.

    Args:
        boxes: ``(N, 4)``, see `Boxes`.
        others: ``(M, 4)``.

    Returns:
        ``(N, M)`` in [0, 1]; boxes without an area overlap nothing.

    Examples:
        >>> overlaps(np.array([[0, 0, 2, 2]]), np.array([[1, 0, 3, 2], [5, 5, 6, 6]])).round(3)
        array([[0.333, 0.   ]])
    """
    one, two = np.asarray(boxes, np.float64)[:, None], np.asarray(others, np.float64)[None]
    sides = np.minimum(one[..., 2:], two[..., 2:]) - np.maximum(one[..., :2], two[..., :2])
    common = sides.clip(min=0).prod(axis=-1)
    areas = [(each[..., 2:] - each[..., :2]).clip(min=0).prod(axis=-1) for each in (one, two)]
    union = areas[0] + areas[1] - common
    shares: NDArray[np.float64] = common / np.where(union > 0, union, 1)
    return shares
