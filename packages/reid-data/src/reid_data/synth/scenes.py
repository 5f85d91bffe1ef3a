"""Backgrounds: one long view a camera, of which every crop shows another stretch."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .canvas import FloatArray
from .streams import Stream, generator

__all__ = ["smooth_noise", "view"]

_LENGTH, _HEADROOM = 14, 1.25
"""Size of the view in crop widths and crop heights."""

_WALLS = (
    (0.62, 0.58, 0.52), (0.50, 0.30, 0.24), (0.72, 0.72, 0.70), (0.40, 0.44, 0.48),
    (0.58, 0.52, 0.38), (0.34, 0.42, 0.34),
)  # fmt: skip
_GROUNDS = (
    (0.46, 0.45, 0.44), (0.58, 0.55, 0.50), (0.34, 0.35, 0.37), (0.52, 0.44, 0.38),
    (0.38, 0.46, 0.30), (0.66, 0.66, 0.64),
)  # fmt: skip


@lru_cache(maxsize=32)
def view(seed: int, camid: int, *, height: int, width: int) -> FloatArray:
    """The scene that a camera looks at: ground, wall, what stands before it, and grime.

    Args:
        seed: seed of the data set.
        camid: the camera.
        height: height of a crop in pixels.
        width: its width.

    Returns:
        (3, 1.25 height, 14 width) in 0..1, read-only.
    """
    rng = generator(seed, Stream.SCENE, camid)
    shape = (int(_HEADROOM * height), _LENGTH * width)
    scene = np.empty((*shape, 3), dtype=np.float32)
    horizon = int(shape[0] * rng.uniform(0.42, 0.72))
    _paint_wall(scene[:horizon], height, rng)
    _paint_ground(scene[horizon:], height, rng)
    _paint_furniture(scene, horizon, height, rng)
    for cell, strength in ((0.5, 0.10), (0.12, 0.06), (0.02, 0.03)):
        scene *= 1.0 + strength * smooth_noise(shape, max(cell * height, 1.0), rng)[..., None]
    scene = (scene + np.roll(scene, 1, axis=0) + np.roll(scene, 1, axis=1)) / np.float32(3)
    scene = np.ascontiguousarray(np.clip(scene, 0.0, 1.0).transpose(2, 0, 1))
    scene.setflags(write=False)
    return scene


def smooth_noise(shape: tuple[int, int], cell: float, rng: np.random.Generator) -> FloatArray:
    """(H, W) noise that varies over ``cell`` pixels, standard normal at its knots."""
    rows, columns = (np.arange(size) / cell for size in shape)
    knots = rng.standard_normal((int(rows[-1]) + 2, int(columns[-1]) + 2))
    y, x = rows.astype(int), columns.astype(int)
    fy, fx = (rows - y)[:, None], columns - x
    upper = knots[y][:, x] * (1 - fx) + knots[y][:, x + 1] * fx
    lower = knots[y + 1][:, x] * (1 - fx) + knots[y + 1][:, x + 1] * fx
    noise: FloatArray = (upper * (1 - fy) + lower * fy).astype(np.float32)
    return noise


def _tint(choices: tuple[tuple[float, ...], ...], rng: np.random.Generator) -> FloatArray:
    base = np.asarray(choices[int(rng.integers(len(choices)))], dtype=np.float32)
    return np.clip(base * rng.uniform(0.75, 1.2) + rng.normal(0, 0.03, 3), 0.05, 0.95).astype(
        np.float32
    )


def _paint_wall(wall: FloatArray, height: int, rng: np.random.Generator) -> None:
    wall[:] = _tint(_WALLS, rng)
    rows, columns = wall.shape[:2]
    step = max(int(rng.uniform(0.10, 0.6) * height), 4)
    thick = max(height // 64, 1)
    for left in range(int(rng.integers(step)), columns, step):
        wall[:, left : left + thick] *= 0.78
    course = max(int(rng.uniform(0.06, 0.4) * height), 3)
    for top in range(int(rng.integers(course)), rows, course):
        wall[top : top + thick] *= 0.84
    for _ in range(int(rng.integers(4, 14))):
        opening = _tint(_WALLS, rng) * np.float32(rng.choice([0.35, 0.6, 1.4]))
        left, wide = int(rng.integers(columns)), int(height * rng.uniform(0.12, 0.5))
        top = int(rows * rng.uniform(0.0, 0.5))
        bottom = rows if rng.random() < 0.4 else int(rows * rng.uniform(0.6, 0.95))
        wall[top:bottom, left : left + wide] = np.clip(opening, 0.03, 0.97)


def _paint_ground(ground: FloatArray, height: int, rng: np.random.Generator) -> None:
    rows, columns = ground.shape[:2]
    ground[:] = _tint(_GROUNDS, rng)
    ground *= np.linspace(0.85, 1.1, rows, dtype=np.float32)[:, None, None]
    # joints between slabs: rows crowd towards the horizon, slanted columns run towards it
    distance = (np.arange(rows, dtype=np.float32) + 2.0)[:, None]
    across = np.arange(columns, dtype=np.float32)[None, :]
    depth = rng.uniform(2.0, 6.0) * height / distance
    joints = np.abs(np.sin(depth)) < 0.10
    slant = (across - columns * rng.random()) / height + rng.uniform(-1, 1) * distance / height
    joints = joints | (np.abs(np.sin(slant * rng.uniform(4.0, 14.0))) < 0.08)
    ground[joints] *= np.float32(rng.uniform(0.72, 0.9))
    if rng.random() < 0.5:
        top = int(rows * rng.uniform(0.1, 0.7))
        ground[top : top + max(rows // 12, 1)] = np.float32(rng.uniform(0.6, 0.9))


def _paint_furniture(view: FloatArray, horizon: int, height: int, rng: np.random.Generator) -> None:
    rows, columns = view.shape[:2]
    for _ in range(int(rng.integers(6, 16))):
        left = int(rng.integers(columns))
        kind = rng.random()
        if kind < 0.4:  # a pole or a tree trunk
            wide, top = int(height * rng.uniform(0.015, 0.06)) + 1, 0
            bottom = horizon + int((rows - horizon) * rng.uniform(0.0, 0.5))
        elif kind < 0.75:  # a bench, a bin, a parked car
            wide = int(height * rng.uniform(0.08, 0.6))
            bottom = horizon + int((rows - horizon) * rng.uniform(0.05, 0.5))
            top = bottom - int(height * rng.uniform(0.08, 0.22))
        else:  # a hedge
            wide = int(height * rng.uniform(0.3, 1.2))
            bottom = horizon + 2
            top = horizon - int(height * rng.uniform(0.08, 0.3))
        colour = rng.uniform(0.08, 0.7) + rng.normal(0, 0.08, 3)
        if kind >= 0.75:
            colour = np.array([0.16, 0.34, 0.14]) * rng.uniform(0.7, 1.4)
        box = view[max(top, 0) : bottom, left : left + wide]
        light = np.linspace(1.15, 0.75, box.shape[1], dtype=np.float32)[None, :, None]
        box[:] = np.clip(colour, 0.03, 0.95).astype(np.float32) * light
