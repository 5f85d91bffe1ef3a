"""Films: full frames of several people in a street, and the truth about each of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor

import numpy as np
import numpy.typing as npt

from .cameras import Camera
from .canvas import Canvas, FloatArray, Patch
from .draw import draw_person
from .optics import expose
from .parts import Part
from .passages import Passage, Standing
from .places import Fixture, furnish
from .pose import OPENPOSE_18, Pose, walking_pose
from .streams import Stream, generator
from .streets import Street

__all__ = ["Film", "Frame", "Sighting"]

_NOBODY = -1
_MARGIN = 0.2
"""How far hair, hats and bags reach beyond the joints, body heights."""


@dataclass(frozen=True, eq=False)
class Sighting:
    """One person in one frame.

    Attributes:
        pid: who it is.
        box: left, top, width and height around all of the body and what it carries, hidden or not,
            in pixels from 0; it may reach out of the frame.
        visibility: share of the pixels of body and bag that are in the frame and not hidden.
        keypoints: (18, 2) float32 columns and rows in OpenPose's order, hidden or not.
        depth: distance from the camera, body heights.
    """

    pid: int
    box: tuple[int, int, int, int]
    visibility: float
    keypoints: npt.NDArray[np.float32]
    depth: float


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture.

    Attributes:
        number: from 0.
        image: (H, W, 3) uint8 RGB.
        sightings: everybody whose box reaches into the picture, by pid.
    """

    number: int
    image: npt.NDArray[np.uint8]
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True, eq=False)
class Film:
    """What one camera records.

    A film can be sent to another process; frames depend on nothing that was drawn before.

    Attributes:
        camera: who looks.
        street: at what.
        passages: who comes by; those of other cameras are not seen.
        frames: how many pictures there are.
    """

    camera: Camera
    street: Street
    passages: Sequence[Passage]
    frames: int

    def __len__(self) -> int:
        return self.frames

    def __iter__(self) -> Iterator[Frame]:
        return (self.frame(number) for number in range(self.frames))

    @property
    def fixtures(self) -> tuple[Fixture, ...]:
        """The things that stand in the street."""
        return furnish(self.street, self.camera).fixtures

    def frame(self, number: int) -> Frame:
        """Draw one picture, from the farthest to the nearest.

        Args:
            number: which one, from 0.

        Raises:
            IndexError: the film has no such frame.
        """
        if not 0 <= number < self.frames:
            raise IndexError(f"expected a frame from 0 to {self.frames - 1}, got {number}")
        image, owner, figures = self._painted(number)
        rng = generator(self.camera.seed, Stream.FILM_FRAME, self.camera.camid, number)
        seen = np.bincount(owner[owner >= 0], minlength=len(figures))
        sightings = [
            figure.sighting(int(count))
            for figure, count in zip(figures, seen.tolist(), strict=True)
            if figure.reaches_in(image.shape[1:])
        ]
        return Frame(
            number=number,
            image=expose(image, _sharp(self.camera, self.street), rng=rng, weather=0.0),
            sightings=tuple(sorted(sightings, key=lambda sighting: sighting.pid)),
        )

    def _painted(self, number: int) -> tuple[FloatArray, npt.NDArray[np.int16], list[_Figure]]:
        """The scene (3, H, W), whose figure each pixel shows (H, W), and the figures."""
        place = furnish(self.street, self.camera)
        image = place.image.copy()
        owner = np.full(image.shape[1:], _NOBODY, dtype=np.int16)
        figures: list[_Figure] = []
        things: list[_Body | Fixture] = [*self._bodies(number), *place.fixtures]
        for thing in sorted(things, key=lambda it: -it.depth):
            if isinstance(thing, Fixture):
                before, behind = place.image[:, *thing.window], image[:, *thing.window]
                behind[:, thing.mask] = before[:, thing.mask]
                owner[thing.window][thing.mask] = _NOBODY
            else:
                figures.append(thing.paint(image, owner, index=len(figures), camera=self.camera))
        return image, owner, figures

    def _bodies(self, number: int) -> Iterator[_Body]:
        for passage in self.passages:
            if passage.camid == self.camera.camid:
                standing = passage.at(number, self.street)
                if standing is not None:
                    yield _Body(passage, standing, self.street)


def _sharp(camera: Camera, street: Street) -> Camera:
    """The camera with a blur that is as many pixels wide as in a crop of 128 rows."""
    return replace(camera, blur=camera.blur * 128 / street.height)


class _Recorder(Canvas):
    """A canvas that remembers which pixels were painted over, bags included."""

    covered: npt.NDArray[np.bool_]

    def paint(
        self,
        part: Part,
        patch: Patch | None,
        colour: FloatArray | Sequence[float],
        *,
        mask: FloatArray | None = None,
        ambient: float = 0.5,
    ) -> None:
        """As `Canvas.paint`."""
        super().paint(part, patch, colour, mask=mask, ambient=ambient)
        if patch is not None:
            alpha = patch.alpha if mask is None else patch.alpha * mask
            self.covered[patch.window] |= alpha > 0.5


class _Body:
    """Somebody about to be painted."""

    def __init__(self, passage: Passage, standing: Standing, street: Street) -> None:
        self.passage = passage
        self.pose: Pose = walking_pose(passage.person.body, standing.stance)
        self.depth = standing.z
        self.scale = street.scale(standing.z) * passage.tall
        self.foot = street.foot(standing.x, standing.z)

    def paint(
        self, image: FloatArray, owner: npt.NDArray[np.int16], *, index: int, camera: Camera
    ) -> _Figure:
        """Paint the body into (3, H, W), on a canvas of its own with room for what reaches out."""
        left, top, right, bottom = self._bounds()
        ground = np.zeros((3, bottom - top, right - left), dtype=np.float32)
        rows = slice(max(top, 0), max(min(bottom, image.shape[1]), max(top, 0)))
        columns = slice(max(left, 0), max(min(right, image.shape[2]), max(left, 0)))
        inner = (
            slice(rows.start - top, rows.stop - top),
            slice(columns.start - left, columns.stop - left),
        )
        ground[:, *inner] = image[:, rows, columns]
        foot = self.foot[0] - left, self.foot[1] - top
        canvas = _Recorder(ground, scale=self.scale, foot=foot, light=camera.light)
        canvas.covered = np.zeros(ground.shape[1:], dtype=np.bool_)
        canvas.shadow((-0.07 * camera.light[0], 0.01), (0.13, 0.03), 0.45)
        draw_person(canvas, self.passage.person, self.pose)
        image[:, rows, columns] = canvas.image[:, *inner]
        owner[rows, columns][canvas.covered[inner]] = index
        keypoints = canvas.pixels(self.pose.points[: len(OPENPOSE_18), :2])
        keypoints += np.array([left, top], dtype=np.float32)
        return _Figure(self, canvas.covered, (left, top), keypoints)

    def _bounds(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of everything that may be painted, pixels."""
        right, up = self.pose.points[:, 0], self.pose.points[:, 1]
        column, row = self.foot
        return (
            floor(column + (float(right.min()) - _MARGIN) * self.scale),
            floor(row - (float(up.max()) + _MARGIN) * self.scale),
            ceil(column + (float(right.max()) + _MARGIN) * self.scale),
            ceil(row - (float(up.min()) - _MARGIN) * self.scale),
        )


class _Figure:
    """Somebody who has been painted."""

    def __init__(
        self,
        body: _Body,
        covered: npt.NDArray[np.bool_],
        corner: tuple[int, int],
        keypoints: npt.NDArray[np.float32],
    ) -> None:
        self.body = body
        self.keypoints = keypoints
        self.pixels = int(covered.sum())
        rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
        self.box = (
            corner[0] + int(columns[0]),
            corner[1] + int(rows[0]),
            int(columns[-1] - columns[0]) + 1,
            int(rows[-1] - rows[0]) + 1,
        )

    def reaches_in(self, size: tuple[int, ...]) -> bool:
        """Whether the box has a pixel in a picture of this height and width."""
        left, top, width, height = self.box
        return left < size[1] and top < size[0] and left + width > 0 and top + height > 0

    def sighting(self, seen: int) -> Sighting:
        """What is known when so many of the pixels turned out to be seen."""
        passage = self.body.passage
        share = seen / self.pixels
        return Sighting(passage.pid, self.box, share, self.keypoints, self.body.depth)
