"""What stands between a person and the camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .canvas import Canvas, FloatArray
from .palette import Colour
from .parts import Part

__all__ = ["Obstacle", "sample_obstacle"]


@dataclass(frozen=True)
class Obstacle:
    """A pole from top to bottom, or a wall or a railing up to the knees.

    Attributes:
        kind: which of them.
        colour: its colour.
        place: where a pole begins, from the left in widths; how far the edge of a wall or a
            railing lies below the top, in heights.
        wide: its width in widths of the picture.
        left: a wall or a railing begins at the left of the picture, otherwise it ends at the right.
        gap: between the bars of a railing, in widths.
    """

    kind: Literal["pole", "wall", "railing"]
    colour: Colour
    place: float
    wide: float
    left: bool = True
    gap: float = 0.0

    def paint(self, canvas: Canvas, *, shift: int = 0) -> None:
        """Lay it over a picture.

        Args:
            canvas: the picture; what is hidden leaves the parsing map, too.
            shift: columns by which it stands farther to the right.
        """
        height, width = canvas.parsing.shape
        tint = np.array(self.colour).astype(np.float32)[:, None, None]
        if self.kind == "pole":
            left = int(self.place * width) + shift
            thick = max(int(self.wide * width), 1)
            _cover(canvas, tint, slice(0, height), left, left + thick)
            return
        top, wide = int(self.place * height), int(self.wide * width)
        left = (0 if self.left else width - wide) + shift
        ledge = max(height // 50, 1)
        if self.kind == "wall":
            _cover(canvas, tint, slice(top, height), left, left + wide)
            for course in range(top + 5 * ledge, height, 5 * ledge):
                canvas.image[:, course, max(left, 0) : max(left + wide, 0)] *= np.float32(0.85)
        else:
            step = max(int(self.gap * width), 3)
            for start in range(left, left + wide, step):
                _cover(canvas, tint, slice(top, height), start, start + max(step // 4, 1))
        _cover(canvas, np.minimum(1.25 * tint, 1.0), slice(top, top + ledge), left, left + wide)


def sample_obstacle(rng: np.random.Generator) -> Obstacle:
    """A pole, a low wall or a railing."""
    red, green, blue = np.clip(
        rng.uniform(0.1, 0.7) + rng.normal(0.0, 0.05, 3), 0.03, 0.95
    ).tolist()
    colour = (red, green, blue)
    kind = rng.random()
    if kind < 0.4:
        return Obstacle("pole", colour, rng.uniform(0.1, 0.85), rng.uniform(0.05, 0.14))
    top, wide, left = rng.uniform(0.68, 0.88), rng.uniform(0.6, 1.0), bool(rng.random() < 0.5)
    if kind < 0.75:
        return Obstacle("wall", colour, top, wide, left)
    return Obstacle("railing", colour, top, wide, left, rng.uniform(0.08, 0.16))


def _cover(canvas: Canvas, tint: FloatArray, rows: slice, first: int, last: int) -> None:
    """Paint columns ``first`` up to ``last``, lit from the left, as far as they are in view."""
    width = canvas.parsing.shape[1]
    columns = slice(min(max(first, 0), width), min(max(last, 0), width))
    if columns.start >= columns.stop:
        return
    light = np.linspace(1.1, 0.8, columns.stop - columns.start, dtype=np.float32)
    canvas.image[:, rows, columns] = tint * light
    canvas.parsing[rows, columns] = Part.BACKGROUND
