"""What stands between a person and the camera."""

from __future__ import annotations

import numpy as np

from .canvas import Canvas, FloatArray
from .parts import Part

__all__ = ["add_obstacle"]


def add_obstacle(canvas: Canvas, rng: np.random.Generator) -> None:
    """A pole, a low wall or a railing."""
    height, width = canvas.parsing.shape
    colour = np.clip(rng.uniform(0.1, 0.7) + rng.normal(0.0, 0.05, 3), 0.03, 0.95)
    tint = colour.astype(np.float32)[:, None, None]
    kind = rng.random()
    if kind < 0.4:
        left = int(rng.uniform(0.1, 0.85) * width)
        thick = max(int(rng.uniform(0.05, 0.14) * width), 1)
        _cover(canvas, tint, slice(0, height), slice(left, left + thick))
        return
    top = int(rng.uniform(0.68, 0.88) * height)
    wide = int(rng.uniform(0.6, 1.0) * width)
    left = 0 if rng.random() < 0.5 else width - wide
    ledge = max(height // 50, 1)
    columns = slice(left, left + wide)
    if kind < 0.75:
        _cover(canvas, tint, slice(top, height), columns)
        for course in range(top + 5 * ledge, height, 5 * ledge):
            canvas.image[:, course, columns] *= np.float32(0.85)
    else:
        step = max(int(rng.uniform(0.08, 0.16) * width), 3)
        for start in range(left, left + wide, step):
            _cover(canvas, tint, slice(top, height), slice(start, start + max(step // 4, 1)))
    _cover(canvas, np.minimum(1.25 * tint, 1.0), slice(top, top + ledge), columns)


def _cover(canvas: Canvas, tint: FloatArray, rows: slice, columns: slice) -> None:
    region = canvas.image[:, rows, columns]
    light = np.linspace(1.1, 0.8, region.shape[2], dtype=np.float32)
    region[:] = tint * light
    canvas.parsing[rows, columns] = Part.BACKGROUND
