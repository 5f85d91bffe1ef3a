"""One crop: a person in front of a camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .cameras import Camera, sample_stance
from .canvas import Canvas, FloatArray
from .draw import draw_person
from .obstacles import add_obstacle
from .optics import expose
from .people import Person, sample_stranger
from .pose import OPENPOSE_18, walking_pose
from .scenes import backdrop, smooth_noise

__all__ = ["Crop", "render", "render_crop"]

_PASSER_BY, _OCCLUSION = 0.15, 0.12
"""How often somebody else is in the picture, and how often something hides a part."""


@dataclass(frozen=True)
class Crop:
    """A rendered crop and the truth about it.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        parsing: (H, W) uint8, a `parts.Part` for each pixel of the person; the rest, bags too,
            is background.
        keypoints: (18, 2) float32 columns and rows in OpenPose's order; they may be hidden or lie
            outside the crop; -1 without a person.
    """

    image: npt.NDArray[np.uint8]
    parsing: npt.NDArray[np.uint8]
    keypoints: npt.NDArray[np.float32]


def render(
    person: Person | None,
    camera: Camera,
    *,
    rng: np.random.Generator,
    height: int = 128,
    width: int = 64,
    sloppy: bool = False,
) -> npt.NDArray[np.uint8]:
    """The image of `render_crop`: (H, W, 3) uint8 RGB."""
    crop = render_crop(person, camera, rng=rng, height=height, width=width, sloppy=sloppy)
    return crop.image


def render_crop(
    person: Person | None,
    camera: Camera,
    *,
    rng: np.random.Generator,
    height: int = 128,
    width: int = 64,
    sloppy: bool = False,
) -> Crop:
    """Draw a person as a camera happens to see it.

    Args:
        person: the identity; None draws the place without it.
        camera: who looks.
        rng: everything that is not the identity's: pose, place, light, noise, other people.
        height: of the crop in pixels.
        width: of the crop in pixels.
        sloppy: cut the crop as a failing detector does, mostly beside the person.

    Returns:
        The crop with its parsing map and keypoints.
    """
    ground = backdrop(camera.seed, camera.camid, height=height, width=width, rng=rng)
    canvas = _framed(ground, camera, rng, sloppy=sloppy)
    if rng.random() < _PASSER_BY:
        _add_passer_by(canvas, camera, rng)
    keypoints = np.full((len(OPENPOSE_18), 2), -1.0, dtype=np.float32)
    if person is not None:
        stance = sample_stance(camera, rng)
        pose = walking_pose(person.body, stance)
        shade = float(rng.uniform(0.25, 0.6))
        canvas.shadow((-0.07 * camera.light[0], 0.01), (0.13, 0.022), shade)
        draw_person(canvas, person, pose)
        keypoints = canvas.pixels(pose.points[: len(OPENPOSE_18), :2])
        if rng.random() < _OCCLUSION:
            add_obstacle(canvas, rng)
        _add_folds(canvas, rng)
    image = expose(canvas.image, camera, rng=rng)
    return Crop(image=image, parsing=canvas.parsing, keypoints=keypoints)


def _framed(
    ground: FloatArray, camera: Camera, rng: np.random.Generator, *, sloppy: bool
) -> Canvas:
    """A canvas on which the person's feet and size are where a detector would put them."""
    height, width = ground.shape[1:]
    size = camera.zoom * float(np.exp(rng.normal(0.0, 0.05)))
    across, down = rng.normal(0.0, camera.looseness, 2).tolist()
    if sloppy:
        size *= float(rng.choice([0.5, 1.9]))
        across += float(rng.choice([-1.0, 1.0]) * rng.uniform(0.3, 0.6))
        down += float(rng.uniform(-0.4, 0.4))
    foot = (width * (0.5 + across), height * (0.5 + 0.5 * size + 0.4 * down))
    return Canvas(ground, scale=size * height, foot=foot, light=camera.light)


def _add_passer_by(canvas: Canvas, camera: Camera, rng: np.random.Generator) -> None:
    """Somebody else, farther away and to one side."""
    stranger = sample_stranger(rng)
    aside = float(rng.choice([-1.0, 1.0]) * rng.uniform(0.16, 0.34))
    farther = Canvas(
        canvas.image,
        scale=canvas.scale * float(rng.uniform(0.55, 0.9)),
        foot=canvas.pixel(aside, float(rng.uniform(0.05, 0.15))),
        light=camera.light,
    )
    draw_person(farther, stranger, walking_pose(stranger.body, sample_stance(camera, rng)))
    canvas.image[:] = farther.image


def _add_folds(canvas: Canvas, rng: np.random.Generator) -> None:
    """Uneven light on cloth and skin."""
    height, width = canvas.parsing.shape
    folds = smooth_noise((height, width), max(height / 24, 1.5), rng)
    canvas.image *= np.float32(1.0) + np.float32(0.06) * folds
