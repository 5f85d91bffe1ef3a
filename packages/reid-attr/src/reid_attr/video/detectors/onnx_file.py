"""A detector in an ONNX file, whatever trained it.

Its one input is ``(B, 3, H, W)``: RGB in [0, 1] as float, or uint8 pixels; frames are letterboxed
into it (scaled with their proportions, grey around; 640 x 640 where H and W are left open). Its
first output is read in one of three layouts, in pixels of the input:

- ``corners``: ``(B, N, 6)`` left, top, right, bottom, score, class; what is exported with its
  non-maximum suppression, or needs none (YOLOv10 and later, RT-DETR).
- ``columns``: ``(B, 4 + C, N)`` centre column and row, width, height, a score for each of C classes
  (YOLOv8, YOLO11).
- ``objects``: ``(B, N, 5 + C)`` the same with the score of there being an object before the
  classes' (YOLOv5, YOLOX with decoded boxes).

Class 0 is the person, as in COCO's order. Windows of the last two are thinned out here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.ops import box_convert, nms  # type: ignore[import-untyped]

from reid_attr.video.detections import Detections
from reid_attr.video.letterbox import Letterbox
from reid_data.videos import VideoFrame, VideoInfo
from reid_eval.runtimes.onnx import OnnxRunner

__all__ = ["OnnxDetector", "OnnxLayout", "read_output"]

OnnxLayout = Literal["corners", "columns", "objects"]
"""How an output is read; see the module."""

_OPEN = (640, 640)
_SAME = 0.6  # IoU from which on two windows are one person
_PERSON = 0


class OnnxDetector:
    """Finds people by an ONNX file.

    Args:
        model: the file.
        layout: of its output; guessed from its shape, where not given: ``corners`` if it has six
            columns, ``columns`` if it is wider than high.
        device: where to compute.
        least_score: below it, boxes are left out.

    Raises:
        ValueError: the file is no such model, or the layout is unknown.
        MissingExtraError: ONNX Runtime is not installed.
    """

    def __init__(
        self,
        model: Path,
        *,
        layout: OnnxLayout | None = None,
        device: torch.device | str = "cpu",
        least_score: float = 0.1,
    ) -> None:
        if layout is not None and layout not in get_args(OnnxLayout):
            known = ", ".join(get_args(OnnxLayout))
            raise ValueError(f"the layout of an ONNX detector is one of {known}; came {layout!r}")
        if not model.is_file():
            raise ValueError(f"there is no ONNX file at {model}")
        self._model, self._layout, self._least = model, layout, least_score
        self._run = OnnxRunner(model, device=torch.device(device))
        self._size = self._run.input.image_size or _OPEN

    def begin(self, clip: VideoInfo) -> None:
        """Any clip will do."""

    def end(self, frames: int) -> None:
        """Nothing to do."""

    def detect(self, frames: Sequence[VideoFrame]) -> list[Detections]:
        """The people of each frame.

        Raises:
            ValueError: the output has none of the layouts.
        """
        if not frames:
            return []
        height, width = frames[0].pixels.shape[:2]
        box = Letterbox((height, width), self._size)
        batch = torch.from_numpy(np.stack([box.make(frame.pixels) for frame in frames]))
        images = batch.permute(0, 3, 1, 2)
        if self._run.input.dtype != torch.uint8:
            images = images.to(self._run.input.dtype) / 255
        output = self._run(images)
        if output.ndim == 2 and len(frames) == 1:
            output = output[None]
        if output.ndim != 3 or len(output) != len(frames):
            raise ValueError(
                f"{self._model} gives {tuple(output.shape)} for {len(frames)} frames; expected "
                "(B, N, 6), (B, 4 + C, N) or (B, N, 5 + C)"
            )
        return [self._people(rows, box) for rows in output]

    def _people(self, output: Tensor, box: Letterbox) -> Detections:
        boxes, scores = read_output(output, layout=self._layout, least_score=self._least)
        return Detections(box.back(boxes), scores)


def read_output(
    output: Tensor, *, layout: OnnxLayout | None, least_score: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """People in the output for one frame: corners ``(N, 4)`` and scores ``(N,)``.

    Args:
        output: two dimensions, see the module.
        layout: of it; guessed where not given.
        least_score: below it, boxes are left out.

    Raises:
        ValueError: it has too few columns for the layout.
    """
    chosen = layout or _guessed(output)
    rows = output.T if chosen == "columns" else output
    least = {"corners": 6, "columns": 5, "objects": 6}[chosen]
    if rows.shape[1] < least:
        raise ValueError(
            f"an ONNX detector of layout {chosen} needs {least} numbers a box or more, came an "
            f"output of {tuple(output.shape)}"
        )
    if chosen == "corners":
        kept = (rows[:, 5].round() == _PERSON) & (rows[:, 4] >= least_score)
        return rows[kept, :4].numpy(), rows[kept, 4].clamp(0, 1).numpy()
    scores, start = rows[:, 4], 4
    if chosen == "objects":
        scores, start = rows[:, 4] * rows[:, 5 + _PERSON], 5
    best = rows[:, start:].argmax(dim=1) == _PERSON
    kept = best & (scores >= least_score)
    boxes = box_convert(rows[kept, :4], "cxcywh", "xyxy")
    first = nms(boxes, scores[kept], _SAME)
    return boxes[first].numpy(), scores[kept][first].clamp(0, 1).numpy()


def _guessed(output: Tensor) -> OnnxLayout:
    high, wide = output.shape
    if wide == 6:
        return "corners"
    return "columns" if high < wide else "objects"
