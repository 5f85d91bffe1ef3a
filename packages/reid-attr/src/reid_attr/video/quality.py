"""How well somebody is seen in a crop: large, neither dark nor glaring, sharp, whole and sure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reid_attr.video.crops import seen_edges
from reid_attr.video.detections import Detections

__all__ = ["qualities", "sharpness"]

_WHOLE = 128 * 64  # pixels from which on more of them do not help
_DARK, _GLARE = 0.25, 0.1  # brightness below, and distance from white below, which it counts less
_SHARP = 0.5  # Laplacian's deviation for one of the grey levels, as of a picture in focus

_Floats = NDArray[np.float64]


def qualities(crops: NDArray[np.uint8], detections: Detections, frame: tuple[int, ...]) -> _Floats:
    """Quality of each crop ``(N,)`` in [0, 1].

    It is the cube root of size, brightness and sharpness, each from 0 to 1, times the score of the
    detection and the share of its box that is in the frame. The published choice of frames takes
    size and brightness relative to a track's first frame; these are absolute, so that tracks can be
    compared.

    Args:
        crops: ``(N, H, W, 3)``, resized.
        detections: N, of which they are.
        frame: height and width of the frame.
    """
    if not len(crops):
        return np.empty(0)
    boxes = detections.boxes.astype(np.float64)
    edges = seen_edges(detections.boxes, frame)
    pixels = (edges[:, 2:] - edges[:, :2]).prod(axis=1)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1).clip(min=1)
    size = np.sqrt(pixels / _WHOLE).clip(max=1)
    value = crops.max(axis=3).mean(axis=(1, 2)) / 255
    light = (value / _DARK).clip(max=1) * ((1 - value) / _GLARE).clip(0, 1)
    clear = (sharpness(crops) / _SHARP).clip(max=1)
    inside = (pixels / area).clip(max=1)
    found: _Floats = np.cbrt(size * light * clear) * detections.scores * inside
    return found


def sharpness(crops: NDArray[np.uint8]) -> _Floats:
    """Deviation of the Laplacian for one of the grey levels, ``(N,)``: what blur takes away.

    Contrast changes both alike, so a picture in dim light may be as sharp as one in the sun.
    """
    grey = crops[..., 1].astype(np.float32)  # green is most of what the eye calls light
    inner = grey[:, 1:-1, 1:-1]
    edges = 4 * inner - grey[:, :-2, 1:-1] - grey[:, 2:, 1:-1] - grey[:, 1:-1, :-2]
    edges -= grey[:, 1:-1, 2:]
    spread: _Floats = edges.std(axis=(1, 2)) / grey.std(axis=(1, 2)).clip(min=1)
    return spread.astype(np.float64)
