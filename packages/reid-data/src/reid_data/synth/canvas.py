"""Painting limbs: shapes with analytic edges, lit like the solids they stand for.

Every shape is evaluated on the few pixels that it touches; its edge is one pixel wide and exact, so
nothing is drawn larger and scaled down. A shape knows for each pixel where on the solid it is, so
that patterns run around a body and turn with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, hypot
from typing import Any

import numpy as np
import numpy.typing as npt

from .parts import Part

__all__ = ["Canvas", "FloatArray", "Patch", "clipped"]

FloatArray = npt.NDArray[np.float32]
_Point = tuple[float, float]
_ONE = np.float32(1.0)


@dataclass(frozen=True)
class Patch:
    """A shape on the pixels around it.

    Attributes:
        window: rows and columns of the canvas.
        alpha: (h, w) how much of the pixel the shape covers, 0..1.
        across: (h, w) -1..1 from the picture's left edge of the shape to its right one.
        along: (h, w) 0..1 from the start of the shape to its end.
        reach: length from start to end, body heights.
        normal: (h, w) three arrays: right, down, towards the camera.
    """

    window: tuple[slice, slice]
    alpha: FloatArray
    across: FloatArray
    along: FloatArray
    reach: float
    normal: tuple[FloatArray, FloatArray, FloatArray]


class Canvas:
    """A picture in body coordinates: x to the right of the body's axis, y up from the ground.

    Args:
        background: (3, H, W) float32 in 0..1; copied.
        scale: pixels in one body height.
        foot: column and row of the point on the ground between the feet.
        light: direction to the light (right, down, towards the camera), any length.
    """

    def __init__(
        self,
        background: FloatArray,
        *,
        scale: float,
        foot: tuple[float, float],
        light: tuple[float, float, float] = (-0.3, -0.5, 0.8),
    ) -> None:
        self.image = background.copy()
        self.parsing: npt.NDArray[np.uint8] = np.zeros(background.shape[1:], dtype=np.uint8)
        self.scale = scale
        self.foot = foot
        self.light = light
        size = sum(value * value for value in light) ** 0.5
        self._light = (light[0] / size, light[1] / size, light[2] / size)
        height, width = background.shape[1:]
        self._x = np.arange(width, dtype=np.float32)[None, :] + np.float32(0.5)
        self._y = np.arange(height, dtype=np.float32)[:, None] + np.float32(0.5)

    def at_distance(self, size: float, *, foot: tuple[float, float]) -> Canvas:
        """A canvas with a copy of the picture, for a body at another distance.

        Args:
            size: how large the body appears there; 1 is as large as here.
            foot: column and row where it stands.

        Returns:
            A canvas of its own; its parsing map is empty.
        """
        return Canvas(self.image, scale=self.scale * size, foot=foot, light=self.light)

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Column and row of a point in body coordinates."""
        return self.foot[0] + x * self.scale, self.foot[1] - y * self.scale

    def pixels(self, points: npt.NDArray[np.float64]) -> FloatArray:
        """(N, 2) columns and rows of (N, 2) points in body coordinates."""
        return (np.array(self.foot) + points * (self.scale, -self.scale)).astype(np.float32)

    def tube(
        self,
        start: _Point,
        end: _Point,
        radii: Sequence[float],
        *,
        round_start: bool = True,
        round_end: bool = True,
    ) -> Patch | None:
        """A limb, a trunk, a skirt: a solid of revolution about the line from start to end.

        Args:
            start: where it begins, body coordinates.
            end: where it ends.
            radii: its radius at evenly spaced places from start to end, body heights.
            round_start: whether it begins with a round cap or is cut off.
            round_end: the same for its end.

        Returns:
            The patch, or None where it lies outside the picture.
        """
        (x0, y0), (x1, y1) = self.pixel(*start), self.pixel(*end)
        widths = [radius * self.scale for radius in radii]
        length = max(hypot(x1 - x0, y1 - y0), 1e-3)
        ux, uy = (x1 - x0) / length, (y1 - y0) / length
        edge = max(widths) + 1.0
        window = self._window(min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1), edge)
        if window is None:
            return None
        dx = self._x[:, window[1]] - np.float32(x0)
        dy = self._y[window[0]] - np.float32(y0)
        down = dx * np.float32(ux) + dy * np.float32(uy)
        side = dx * np.float32(uy) - dy * np.float32(ux)
        along = clipped(down * np.float32(1 / length))
        radius = _profile(along, widths)
        over = down - along * np.float32(length)
        distance = np.sqrt(side * side + over * over) - radius
        if not round_start:
            distance = np.maximum(distance, -down)
        if not round_end:
            distance = np.maximum(distance, down - np.float32(length))
        alpha = clipped(np.float32(0.5) - distance)
        sideways = clipped(side / radius, -1.0)
        flip = np.float32(1.0 if uy >= 0 else -1.0)
        normal = (
            sideways * np.float32(uy),
            sideways * np.float32(-ux),
            np.sqrt(np.float32(1.0) - sideways * sideways),
        )
        return Patch(window, alpha, sideways * flip, along, length / self.scale, normal)

    def ellipse(self, centre: _Point, radii: tuple[float, float]) -> Patch | None:
        """A head, a bag: an ellipsoid with upright axes.

        Args:
            centre: its centre, body coordinates.
            radii: half its width and half its height, body heights.

        Returns:
            The patch (``along`` runs from its top to its bottom), or None outside the picture.
        """
        x, y = self.pixel(*centre)
        rx, ry = radii[0] * self.scale, radii[1] * self.scale
        window = self._window(x - rx, x + rx, y - ry, y + ry, 1.0)
        if window is None:
            return None
        nx = (self._x[:, window[1]] - np.float32(x)) * np.float32(1 / rx)
        ny = (self._y[window[0]] - np.float32(y)) * np.float32(1 / ry)
        norm = np.sqrt(nx * nx + ny * ny)
        alpha = clipped(np.float32(0.5) - (norm - np.float32(1.0)) * np.float32(min(rx, ry)))
        outside = np.maximum(norm, 1.0)
        nx, ny = nx / outside, ny / outside
        nz = np.sqrt(np.maximum(1.0 - nx * nx - ny * ny, 0.0))
        return Patch(window, alpha, nx, 0.5 + 0.5 * ny, 2 * radii[1], (nx, ny, nz))

    def paint(
        self,
        part: Part,
        patch: Patch | None,
        colour: FloatArray | Sequence[float],
        *,
        mask: FloatArray | None = None,
        ambient: float = 0.5,
    ) -> None:
        """Lay a lit shape over the picture.

        Args:
            part: what it is, for the parsing map.
            patch: its shape; None paints nothing.
            colour: (3,) one colour or (3, h, w) one for each pixel.
            mask: (h, w) further transparency, for example of hair on a head.
            ambient: brightness of what is turned away from the light.
        """
        if patch is None:
            return
        alpha = patch.alpha if mask is None else patch.alpha * mask
        nx, ny, nz = patch.normal
        lx, ly, lz = self._light
        facing = nx * np.float32(lx) + ny * np.float32(ly) + nz * np.float32(lz)
        shade = np.float32(ambient) + np.float32(1.15 - ambient) * np.maximum(facing, 0.0)
        tint = np.asarray(colour, dtype=np.float32)
        lit = (tint if tint.ndim == 3 else tint[:, None, None]) * shade
        region = self.image[:, *patch.window]
        region += alpha * (lit - region)
        self.parsing[patch.window][alpha > 0.5] = part

    def shadow(self, centre: _Point, radii: tuple[float, float], strength: float) -> None:
        """Darken the ground softly, up to ``strength`` in the middle."""
        x, y = self.pixel(*centre)
        rx, ry = radii[0] * self.scale, radii[1] * self.scale
        window = self._window(x - 2 * rx, x + 2 * rx, y - 2 * ry, y + 2 * ry, 1.0)
        if window is None:
            return
        across = np.exp(-(((self._x[:, window[1]] - x) / rx) ** 2)).astype(np.float32)
        down = np.exp(-(((self._y[window[0]] - y) / ry) ** 2)).astype(np.float32)
        self.image[:, *window] *= np.float32(1.0) - np.float32(strength) * across * down

    def _window(
        self, left: float, right: float, top: float, bottom: float, edge: float
    ) -> tuple[slice, slice] | None:
        height, width = self.parsing.shape
        first, last = max(floor(left - edge), 0), min(ceil(right + edge), width)
        upper, lower = max(floor(top - edge), 0), min(ceil(bottom + edge), height)
        if first >= last or upper >= lower:
            return None
        return slice(upper, lower), slice(first, last)


def clipped(values: npt.NDArray[np.floating[Any]], low: float = 0.0) -> FloatArray:
    """``values`` limited to ``low``..1; several times faster than `numpy.clip` on small arrays."""
    limited: npt.NDArray[np.floating[Any]] = np.maximum(values, np.float32(low))
    np.minimum(limited, _ONE, out=limited)
    return limited.astype(np.float32, copy=False)


def _profile(along: FloatArray, widths: Sequence[float]) -> FloatArray:
    """Radius at each place: linear between evenly spaced widths."""
    if len(widths) == 2:
        return np.float32(widths[0]) + along * np.float32(widths[1] - widths[0])
    return np.interp(along, _knots(len(widths)), widths).astype(np.float32)


@lru_cache
def _knots(count: int) -> npt.NDArray[np.float64]:
    return np.linspace(0.0, 1.0, count)
