"""The geometry of a line chart; its markup is in the template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Chart", "Curve", "Series", "Tick", "line_chart", "round_ticks"]

Floats = NDArray[np.float64]

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 12, 46


@dataclass(frozen=True)
class Series:
    """One curve in the units of the data.

    Attributes:
        name: what the legend says.
        style: class that gives the colour: ``"one"``, ``"right"`` or ``"wrong"``.
        x: ascending (N,).
        y: (N,).
    """

    name: str
    style: str
    x: Floats
    y: Floats


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis, in pixels."""

    at: float
    label: str


@dataclass(frozen=True)
class Curve:
    """One curve in pixels: ``points`` of its line, and of the ``area`` below it."""

    name: str
    style: str
    points: str
    area: str


@dataclass(frozen=True)
class Chart:
    """All that the template needs to draw a chart."""

    key: str
    title: str
    description: str
    x_label: str
    y_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    curves: tuple[Curve, ...]
    filled: bool
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def line_chart(
    series: Sequence[Series],
    *,
    key: str,
    title: str,
    description: str,
    x_label: str,
    y_label: str,
    x_ticks: Sequence[float],
    y_ticks: Sequence[float],
    percent: bool = False,
    filled: bool = False,
) -> Chart:
    """Lay out curves in a frame that reaches from the first to the last tick of each axis.

    Args:
        series: the curves.
        key: unique on the page.
        title: short, for the heading and for screen readers.
        description: what the chart shows, in words.
        x_label: name and unit.
        y_label: name and unit.
        x_ticks: ascending, at least two; the curves must lie within them.
        y_ticks: ascending, at least two; the curves must lie within them.
        percent: write the y ticks as percentages.
        filled: shade the area below each curve.
    """
    left, right, bottom, top = LEFT, WIDTH - RIGHT, HEIGHT - BOTTOM, TOP

    def place(values: Sequence[float] | Floats, ticks: Sequence[float], a: int, b: int) -> Floats:
        share = (np.asarray(values, np.float64) - ticks[0]) / (ticks[-1] - ticks[0])
        return np.round(a + share * (b - a), 1)

    def label(value: float) -> str:
        return f"{100 * value:g}%" if percent else f"{value:g}"

    curves = []
    for one in series:
        xs, ys = place(one.x, x_ticks, left, right), place(one.y, y_ticks, bottom, top)
        points = " ".join(f"{x:g},{y:g}" for x, y in zip(xs, ys, strict=True))
        curves.append(
            Curve(one.name, one.style, points, f"{xs[0]:g},{bottom} {points} {xs[-1]:g},{bottom}")
        )
    return Chart(
        key=key,
        title=title,
        description=description,
        x_label=x_label,
        y_label=y_label,
        x_ticks=tuple(
            Tick(at, f"{value:g}")
            for at, value in zip(place(x_ticks, x_ticks, left, right), x_ticks, strict=True)
        ),
        y_ticks=tuple(
            Tick(at, label(value))
            for at, value in zip(place(y_ticks, y_ticks, bottom, top), y_ticks, strict=True)
        ),
        curves=tuple(curves),
        filled=filled,
    )


def round_ticks(low: float, high: float, *, about: int = 5) -> list[float]:
    """Round numbers, evenly spaced, of which the first and the last enclose [low, high].

    Examples:
        >>> round_ticks(0.13, 0.97)
        [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    span = max(high - low, 1e-9 * max(1.0, abs(high)))
    power = 10.0 ** np.floor(np.log10(span / about))
    step = next(m * power for m in (1, 2, 5, 10) if m * power * about >= span * 0.999)
    first, last = np.floor(low / step + 1e-9), np.ceil(high / step - 1e-9)
    ticks = np.arange(first, max(last, first + 1) + 0.5) * step
    return [float(f"{tick:.12g}") for tick in ticks]
