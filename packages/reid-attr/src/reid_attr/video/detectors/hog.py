"""OpenCV's people detector, which needs no weights: gradients and a linear classifier.

Dalal and Triggs, Histograms of oriented gradients for human detection, CVPR 2005. It finds upright
people who are seen whole and 100 pixels high or more (after enlarging); for anything serious take a
trained network.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
import torch
from torchvision.ops import nms  # type: ignore[import-untyped]

from reid_attr.video.detections import Boxes, Detections
from reid_data.console import MissingExtraError
from reid_data.videos import VideoFrame, VideoInfo

__all__ = ["HogDetector"]

_SAME = 0.4  # IoU from which on two windows are one person
# The classifier's windows have a margin around the body.
_MARGIN = np.array([0.18, 0.08])


class HogDetector:
    """Finds people by OpenCV's HOG.

    Args:
        least_score: below it, windows are left out; a score is ``1 - exp(-margin)`` of the linear
            classifier.
        enlarge: frames are enlarged by this factor first, for smaller people.

    Raises:
        MissingExtraError: OpenCV is not installed, or lacks a system library.
    """

    def __init__(self, *, least_score: float = 0.3, enlarge: float = 1.5) -> None:
        self._cv2: Any = _opencv()
        self._least, self._enlarge = least_score, enlarge
        self._hog = self._cv2.HOGDescriptor()
        self._hog.setSVMDetector(self._cv2.HOGDescriptor.getDefaultPeopleDetector())

    def begin(self, clip: VideoInfo) -> None:
        """Any clip will do."""

    def end(self, frames: int) -> None:
        """Nothing to do."""

    def detect(self, frames: Sequence[VideoFrame]) -> list[Detections]:
        """The people of each frame."""
        return [self._found(frame) for frame in frames]

    def _found(self, frame: VideoFrame) -> Detections:
        grey = self._cv2.cvtColor(frame.pixels, self._cv2.COLOR_RGB2GRAY)
        large = self._cv2.resize(grey, None, fx=self._enlarge, fy=self._enlarge)
        windows, margins = self._hog.detectMultiScale(
            large, winStride=(8, 8), padding=(8, 8), scale=1.05, groupThreshold=0
        )
        places = np.asarray(windows, np.float32).reshape(-1, 4) / self._enlarge
        boxes = _bodies(places)
        scores = (1 - np.exp(-np.asarray(margins, np.float32).reshape(-1))).clip(0, 1)
        sure = scores >= self._least
        found = Detections(boxes[sure], scores[sure])
        kept = nms(torch.from_numpy(found.boxes), torch.from_numpy(found.scores), _SAME)
        return found.take(kept.numpy())


def _bodies(windows: Boxes) -> Boxes:
    """From left, top, width, height of windows to the boxes of the people in them."""
    corner, sides = windows[:, :2], windows[:, 2:]
    inner: Boxes = np.concatenate(
        [corner + _MARGIN * sides, corner + (1 - _MARGIN) * sides], axis=1
    ).astype(np.float32)
    return inner


def _opencv() -> Any:
    """OpenCV, or what to install."""
    try:
        cv2 = import_module("cv2")
    except (ImportError, OSError) as error:
        library = str(error).partition(":")[0]
        if ".so" in library:
            raise MissingExtraError(
                f"the detector hog needs OpenCV, which misses the system library {library}; "
                "install it (Debian, Ubuntu: apt install libgl1 libglib2.0-0)"
            ) from error
        raise MissingExtraError(
            "the detector hog needs OpenCV; install it with: pip install 'reid-attr[video]'"
        ) from error
    if not hasattr(cv2, "HOGDescriptor"):
        raise MissingExtraError(
            f"the detector hog is not in OpenCV {cv2.__version__}; install one that has it with: "
            "pip install 'opencv-python>=4.10,<5'"
        )
    return cv2
