"""Streets: the ground that a camera looks at, and where on it things appear in the picture.

Lengths are in body heights. On the ground x points to the right of the picture and z away from the
camera, which hangs over the origin. A point of the ground is seen at column ``width / 2 + focal * x
/ z`` and row ``horizon + focal * rise / z``, and a body there is ``focal / z`` pixels high: people
who are farther away are smaller and stand higher in the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

from .streams import Stream, generator

__all__ = ["Street", "sample_street"]


@dataclass(frozen=True)
class Street:
    """What a camera sees of the ground.

    Attributes:
        camid: the camera, from 1.
        height: of its pictures, pixels.
        width: of its pictures, pixels.
        horizon: row of what is infinitely far.
        focal: focal length, pixels.
        rise: how high the camera hangs, body heights.
        near: distance of the nearest ground in the picture.
        far: distance beyond which nobody walks; a wall stands a little behind.
    """

    camid: int
    height: int
    width: int
    horizon: float
    focal: float
    rise: float
    near: float
    far: float

    @property
    def wall(self) -> float:
        """Distance of the wall at the end."""
        return 1.15 * self.far

    def foot(self, x: float, z: float) -> tuple[float, float]:
        """Column and row of a point of the ground."""
        return self.width / 2 + self.focal * x / z, self.horizon + self.focal * self.rise / z

    def scale(self, z: float) -> float:
        """Pixels of one body height at a distance."""
        return self.focal / z

    def edge(self, z: float) -> float:
        """How far to the right the picture reaches at a distance."""
        return self.width / 2 * z / self.focal


def sample_street(camid: int, *, seed: int, height: int, width: int) -> Street:
    """What a camera sees of the ground: how high it hangs and how far it looks are chance.

    Args:
        camid: the camera, from 1.
        seed: seed of the data set.
        height: of its pictures, pixels.
        width: of its pictures, pixels.
    """
    rng = generator(seed, Stream.STREET, camid)
    horizon = height * float(rng.uniform(0.04, 0.12))
    focal = 1.6 * height * float(rng.uniform(0.95, 1.1))
    rise = float(rng.uniform(2.1, 2.7))
    near = focal * rise / (0.97 * height - horizon)
    far = near * float(rng.uniform(1.9, 2.5))
    return Street(camid, height, width, horizon, focal, rise, near, far)
