"""Places: a street without people, and the things that stand in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil

import numpy as np
import numpy.typing as npt

from .cameras import Camera
from .canvas import Canvas, FloatArray, clipped
from .occluders import Kind, Occluder, sample_occluder
from .scenes import smooth_noise, view
from .streams import Stream, generator
from .streets import Street

__all__ = ["Fixture", "Place", "furnish"]

_WALL_SHARE = 0.42
"""At least so much of a view, from its top, is wall."""


@dataclass(frozen=True, eq=False)
class Fixture:
    """A thing that stands in the street.

    Attributes:
        kind: what it is.
        depth: its distance from the camera.
        window: rows and columns of the picture around it.
        mask: (h, w) which pixels of the window it covers.
    """

    kind: Kind
    depth: float
    window: tuple[slice, slice]
    mask: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Place:
    """A street without people.

    Attributes:
        image: (3, H, W) float32 in 0..1, read-only; the things are painted into it.
        fixtures: the things, from the farthest to the nearest; they hide who walks behind them.
    """

    image: FloatArray
    fixtures: tuple[Fixture, ...]


@lru_cache(maxsize=16)
def furnish(street: Street, camera: Camera) -> Place:
    """Paint the street that a camera looks at; same arguments, same place."""
    rng = generator(camera.seed, Stream.STREET, camera.camid, 1)
    image = _painted(street, camera, rng)
    things = [(float(rng.uniform(1.25 * street.near, street.far)), sample_occluder(rng))
              for _ in range(int(rng.integers(2, 5)))]  # fmt: skip
    fixtures = []
    for depth, thing in sorted(things, key=lambda item: -item[0]):
        x = float(rng.uniform(-0.85, 0.85)) * street.edge(depth)
        if thing.kind != "person":
            fixtures.append(_placed(image, street, camera, thing, (x, depth)))
    image.setflags(write=False)
    return Place(image, tuple(fixtures))


def _placed(
    image: FloatArray, street: Street, camera: Camera, thing: Occluder, at: tuple[float, float]
) -> Fixture:
    """Paint a thing into the picture."""
    canvas = Canvas(image, scale=street.scale(at[1]), foot=street.foot(*at), light=camera.light)
    # its own people-like parsing tells which pixels it covers
    canvas.parsing[:] = 1
    thing.paint(canvas)
    image[:] = canvas.image
    covered = canvas.parsing == 0
    rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
    if not len(rows):
        nothing = slice(0, 0)
        return Fixture(thing.kind, at[1], (nothing, nothing), covered[:0, :0])
    window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    return Fixture(thing.kind, at[1], window, covered[window].copy())


def _painted(street: Street, camera: Camera, rng: np.random.Generator) -> FloatArray:
    """A wall at the end and paved ground before it, (3, H, W)."""
    height, width = street.height, street.width
    base = ceil(street.foot(0.0, street.wall)[1])
    size = ceil(base / _WALL_SHARE / 1.25) + 1
    scene = view(camera.seed, camera.camid, height=size, width=ceil(width / 14))
    image = np.empty((3, height, width), dtype=np.float32)
    image[:, :base] = scene[:, :base, :width]
    image[:, max(base - 3, 0) : base] *= np.float32(0.7)
    colour = np.median(scene[:, -max(size // 8, 1) :], axis=(1, 2))
    image[:, base:] = colour[:, None, None] * _paving(street, base, rng)
    grime = 0.05 * smooth_noise((height, width), 0.12 * height, rng)
    grime += 0.025 * smooth_noise((height, width), max(height / 90, 1.0), rng)
    image *= np.float32(1.0) + grime
    return clipped(image)


def _paving(street: Street, base: int, rng: np.random.Generator) -> FloatArray:
    """(H - base, W) brightness of slabs that shrink towards the wall, and of a painted line."""
    rows = np.arange(base, street.height, dtype=np.float32)[:, None] + np.float32(0.5)
    columns = np.arange(street.width, dtype=np.float32)[None, :] + np.float32(0.5)
    z = np.float32(street.focal * street.rise) / (rows - np.float32(street.horizon))
    x = (columns - np.float32(street.width / 2)) * z / np.float32(street.focal)
    size, turn = float(rng.uniform(0.5, 1.1)), float(rng.uniform(-0.5, 0.5))
    pixels = np.float32(street.focal) / z, np.float32(street.focal * street.rise) / z**2
    bright = np.linspace(0.9, 1.08, len(rows), dtype=np.float32)[:, None] * np.ones_like(x)
    dark = float(rng.uniform(0.12, 0.25))
    for place, density in ((x + turn * z, pixels[0]), (z - turn * x, pixels[1])):
        from_joint = np.abs((place / size) % 1.0 - 0.5) * size * density
        # joints fade where they are closer than the pixels can tell apart
        fading = clipped(size * density / 8)
        bright *= 1 - np.float32(dark) * clipped(1.5 - from_joint) * fading
    if rng.random() < 0.5:
        line = float(rng.uniform(street.near, street.far))
        bright += np.float32(0.35) * clipped(1.0 - np.abs(z - line) / 0.12 * 1.0)
    return bright.astype(np.float32, copy=False)
