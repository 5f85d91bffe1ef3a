"""Boxes that are known before: ground truth, or another program's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reid_attr.video.box_files import read_box_file
from reid_attr.video.detections import Detections
from reid_data.videos import VideoFrame, VideoInfo

__all__ = ["GivenBoxes"]


class GivenBoxes:
    """Reads the boxes of a clip from a file; its visibilities are the scores.

    Args:
        path: see `reid_attr.video.box_files`.

    Attributes:
        has_ids: whether the file says who is who.

    Raises:
        ValueError: the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        table = read_box_file(path)
        self.has_ids = "id" in table
        self._last = int(table["frame"].max())
        self._checked = False
        corner = table[["left", "top"]].to_numpy(np.float32)
        sides = table[["width", "height"]].to_numpy(np.float32)
        self._boxes = np.concatenate([corner, corner + sides], axis=1)
        self._scores = table["score"].to_numpy(np.float32)
        self._ids = table["id"].to_numpy(np.int64) if self.has_ids else None
        self._frames = table["frame"].to_numpy(np.int64)

    def begin(self, clip: VideoInfo) -> None:
        """Check that the clip is as long as the boxes say.

        Raises:
            ValueError: there are boxes behind its end.
        """
        self._checked = False
        if clip.frames is not None:
            self.end(clip.frames)

    def detect(self, frames: Sequence[VideoFrame]) -> list[Detections]:
        """The boxes of each frame.

        Raises:
            ValueError: most boxes of the file lie outside of the frames.
        """
        if frames and not self._checked:
            self._check_places(frames[0].pixels.shape)
        return [self._of(frame.number) for frame in frames]

    def end(self, frames: int) -> None:
        """Check that the clip was as long as the boxes say.

        Raises:
            ValueError: there are boxes behind its end.
        """
        if self._last >= frames:
            raise ValueError(
                f"{self._path} has boxes in frame {self._last} (from 0), but the clip has {frames} "
                "frames; these are another clip's boxes, or it is cut off"
            )

    def _of(self, number: int) -> Detections:
        rows = np.arange(*np.searchsorted(self._frames, [number, number + 1]))
        ids = None if self._ids is None else self._ids[rows]
        return Detections(self._boxes[rows], self._scores[rows], ids)

    def _check_places(self, shape: tuple[int, ...]) -> None:
        middle = (self._boxes[:, :2] + self._boxes[:, 2:]) / 2
        inside = ((middle >= 0) & (middle < [shape[1], shape[0]])).all(axis=1)
        if inside.mean() < 0.5:
            raise ValueError(
                f"{(~inside).sum()} of the {len(inside)} boxes in {self._path} lie outside of the "
                f"frames of {shape[1]} x {shape[0]} pixels; these are another clip's boxes, or of "
                "a clip of another size"
            )
        self._checked = True
