"""How a camera happens to catch somebody: everything in a crop that is not the identity's.

A take is drawn completely before anything is painted, so that the same moment can be painted again
with another outfit, with nobody, with more in the way, or a step later.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .cameras import Camera, sample_stance
from .canvas import Canvas
from .difficulty import OCCLUSION
from .obstacles import Obstacle, sample_obstacle
from .occluders import Occluder
from .people import Person, sample_stranger
from .pose import Stance
from .scenes import view

__all__ = ["PasserBy", "Take", "frame", "sample_take"]

_PASSER_BY = 0.15
"""How often somebody else is in the picture."""


@dataclass(frozen=True)
class PasserBy:
    """Somebody else, farther away and to one side.

    Attributes:
        person: who it is.
        aside: how far to the right of the person's axis, body heights.
        size: height relative to the person's.
        up: how far up in the picture the feet are, body heights.
        stance: how this person walks.
    """

    person: Person
    aside: float
    size: float
    up: float
    stance: Stance


@dataclass(frozen=True)
class Take:
    """One moment in front of one camera.

    Attributes:
        top: first row of the stretch of the scene that the crop shows.
        left: its first column.
        size: height of the person relative to the height of the crop.
        across: how far the feet are to the right of the middle, crop widths.
        down: how far the crop was cut too high, crop heights.
        passer_by: somebody else, or None.
        stance: how the person walks; None where nobody does.
        shade: strength of the shadow on the ground.
        chance: drawn from 0..1; something hides the person where it is below the occlusion.
        obstacle: what stands before the person, or None.
        shift: columns by which what stands in the scene has moved to the right since the take.
    """

    top: int
    left: int
    size: float
    across: float
    down: float
    passer_by: PasserBy | None
    stance: Stance | None
    shade: float = 0.0
    chance: float = 1.0
    obstacle: Obstacle | Occluder | None = None
    shift: int = 0


def sample_take(
    camera: Camera,
    *,
    rng: np.random.Generator,
    height: int,
    width: int,
    someone: bool = True,
    sloppy: bool = False,
) -> Take:
    """A moment as it comes.

    Args:
        camera: who looks.
        rng: source of all of it.
        height: of the crop in pixels.
        width: of the crop in pixels.
        someone: whether there is a person.
        sloppy: cut the crop as a failing detector does, mostly beside the person.
    """
    scene = view(camera.seed, camera.camid, height=height, width=width)
    top = int(rng.integers(scene.shape[1] - height + 1))
    left = int(rng.integers(scene.shape[2] - width + 1))
    size = camera.zoom * float(np.exp(rng.normal(0.0, 0.05)))
    across, down = rng.normal(0.0, camera.looseness, 2).tolist()
    if sloppy:
        size *= float(rng.choice([0.5, 1.9]))
        across += float(rng.choice([-1.0, 1.0]) * rng.uniform(0.3, 0.6))
        down += float(rng.uniform(-0.4, 0.4))
    passer_by = _sample_passer_by(camera, rng) if rng.random() < _PASSER_BY else None
    if not someone:
        return Take(top, left, size, across, down, passer_by, None)
    stance = sample_stance(camera, rng)
    shade = float(rng.uniform(0.25, 0.6))
    chance = float(rng.random())
    obstacle = sample_obstacle(rng) if chance < OCCLUSION else None
    return Take(top, left, size, across, down, passer_by, stance, shade, chance, obstacle)


def _sample_passer_by(camera: Camera, rng: np.random.Generator) -> PasserBy:
    person = sample_stranger(rng)
    aside = float(rng.choice([-1.0, 1.0]) * rng.uniform(0.16, 0.34))
    size, up = float(rng.uniform(0.55, 0.9)), float(rng.uniform(0.05, 0.15))
    return PasserBy(person, aside, size, up, sample_stance(camera, rng))


def frame(take: Take, camera: Camera, *, height: int, width: int) -> Canvas:
    """A canvas with the scene, on which the person's feet are where a detector would put them."""
    scene = view(camera.seed, camera.camid, height=height, width=width)
    ground = scene[:, take.top : take.top + height, take.left : take.left + width]
    foot = (width * (0.5 + take.across), height * (0.5 + 0.5 * take.size + 0.4 * take.down))
    return Canvas(ground, scale=take.size * height, foot=foot, light=camera.light)
