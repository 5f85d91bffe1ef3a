"""One crop: a person in front of a camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .cameras import Camera
from .canvas import Canvas
from .draw import draw_person
from .optics import expose
from .people import Person
from .pose import OPENPOSE_18, walking_pose
from .scenes import smooth_noise
from .takes import PasserBy, Take, frame, sample_take

__all__ = ["Crop", "paint_take", "render", "render_crop"]


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
    someone = person is not None
    take = sample_take(camera, rng=rng, height=height, width=width, someone=someone, sloppy=sloppy)
    return paint_take(take, person, camera, rng=rng, height=height, width=width)


def paint_take(
    take: Take,
    person: Person | None,
    camera: Camera,
    *,
    rng: np.random.Generator,
    folds: np.random.Generator | None = None,
    weather: float | None = None,
    height: int = 128,
    width: int = 64,
) -> Crop:
    """Paint a moment.

    Args:
        take: the moment.
        person: who is there; None leaves the place empty, whatever the take says.
        camera: who looks; the one that the take was sampled for.
        rng: noise, and the light where ``weather`` does not give it.
        folds: uneven light on cloth, from ``rng`` unless it is given.
        weather: the light of the moment, see `optics.expose`.
        height: of the crop in pixels; the one that the take was sampled for.
        width: of the crop in pixels.

    Returns:
        The crop with its parsing map and keypoints.
    """
    canvas = frame(take, camera, height=height, width=width)
    if take.passer_by is not None:
        _add_passer_by(canvas, take.passer_by, take.shift)
    keypoints = np.full((len(OPENPOSE_18), 2), -1.0, dtype=np.float32)
    if person is not None and take.stance is not None:
        pose = walking_pose(person.body, take.stance)
        canvas.shadow((-0.07 * camera.light[0], 0.01), (0.13, 0.022), take.shade)
        draw_person(canvas, person, pose)
        keypoints = canvas.pixels(pose.points[: len(OPENPOSE_18), :2])
    if take.obstacle is not None:
        take.obstacle.paint(canvas, shift=take.shift)
    if take.stance is not None:
        _add_folds(canvas, rng if folds is None else folds)
    image = expose(canvas.image, camera, rng=rng, weather=weather)
    return Crop(image=image, parsing=canvas.parsing, keypoints=keypoints)


def _add_passer_by(canvas: Canvas, other: PasserBy, shift: int) -> None:
    column, row = canvas.pixel(other.aside, other.up)
    farther = canvas.at_distance(other.size, foot=(column + shift, row))
    draw_person(farther, other.person, walking_pose(other.person.body, other.stance))
    canvas.image[:] = farther.image


def _add_folds(canvas: Canvas, rng: np.random.Generator) -> None:
    """Uneven light on cloth and skin."""
    height, width = canvas.parsing.shape
    folds = smooth_noise((height, width), max(height / 24, 1.5), rng)
    canvas.image *= np.float32(1.0) + np.float32(0.06) * folds
