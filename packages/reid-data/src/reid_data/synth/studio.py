"""The studio: draws any crop of a data set, and knows everything about it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypedDict

import numpy as np

from .cameras import Camera, sample_cameras
from .crops import Crop, paint_take
from .difficulty import OCCLUSION, Difficulty
from .occluders import sample_occluder
from .optics import reduced
from .people import Person, sample_person, sample_stranger
from .plan import Shot
from .streams import Stream, generator
from .takes import Take, sample_take
from .upar import attributes_of
from .walks import sample_walk

__all__ = ["MAX_OUTFITS", "Studio", "open_studio"]

MAX_OUTFITS = 100
"""How many outfits of one person have clothes ids of their own."""

_SOMEONE = 0.7
"""Share of the distractors that show a stranger; the others show nobody."""


class _Size(TypedDict):
    height: int
    width: int


@dataclass(frozen=True)
class Studio:
    """Everything that the crops of a data set have in common.

    A studio can be sent to another process. What it draws depends on the shot alone, never on
    what it drew before.

    Attributes:
        seed: seed of the data set.
        cameras: its cameras, numbered from 1, drawn with the same seed.
        height: of a crop in pixels.
        width: of a crop in pixels.
        difficulty: how hard the pictures are; `camera_shift` is a matter of the cameras,
            `outfit_change` of the plan.
    """

    seed: int
    cameras: tuple[Camera, ...]
    height: int = 128
    width: int = 64
    difficulty: Difficulty = field(default_factory=Difficulty)

    def person(self, pid: int, outfit: int = 0) -> Person:
        """The identity of that number in one of its outfits."""
        return _person(pid, self.seed, outfit)

    def attributes(self, pid: int, outfit: int = 0) -> dict[str, int]:
        """The 40 attributes of UPAR of an identity, see `upar.attributes_of`."""
        return attributes_of(self.person(pid, outfit))

    def clothes_id(self, pid: int, outfit: int = 0) -> int:
        """A number for the outfit that no other outfit of anybody has.

        Raises:
            ValueError: ``outfit`` is not below `MAX_OUTFITS`.
        """
        if not 0 <= outfit < MAX_OUTFITS:
            raise ValueError(f"outfit: expected 0 to {MAX_OUTFITS - 1}, got {outfit}")
        return pid * MAX_OUTFITS + outfit

    def draw(self, shot: Shot) -> Crop:
        """One crop with its parsing map and keypoints.

        Raises:
            ValueError: the shot was taken by a camera that the studio does not have.
        """
        return self._painted(shot, someone=True)

    def draw_empty(self, shot: Shot) -> Crop:
        """The same moment without the person: only what an identity does not carry."""
        return self._painted(shot, someone=False)

    def _painted(self, shot: Shot, *, someone: bool) -> Crop:
        camera = self._camera(shot)
        person, sloppy, rng = self._subject(shot)
        size: _Size = {"height": self.height, "width": self.width}
        walks = shot.tracklet >= 0
        if walks:
            rng = generator(self.seed, Stream.WALK, *_key(shot))
        take = sample_take(camera, rng=rng, someone=person is not None, sloppy=sloppy, **size)
        take = self._obstructed(take, shot)
        shown = person if someone else None
        if not walks:
            return self._resolved(paint_take(take, shown, camera, rng=rng, **size), shot)
        walk = sample_walk(take, rng=rng)
        rng = generator(self.seed, Stream.WALK_STEP, *_key(shot), shot.step)
        folds = generator(self.seed, Stream.FOLDS, *_key(shot))
        take = walk.at(shot.step, person, camera, rng=rng, **size)
        light = walk.weather
        crop = paint_take(take, shown, camera, rng=rng, folds=folds, weather=light, **size)
        return self._resolved(crop, shot)

    def _camera(self, shot: Shot) -> Camera:
        if not 1 <= shot.camid <= len(self.cameras):
            raise ValueError(f"camid: expected 1 to {len(self.cameras)}, got {shot.camid}")
        return self.cameras[shot.camid - 1]

    def _subject(self, shot: Shot) -> tuple[Person | None, bool, np.random.Generator]:
        """Who is seen, whether the crop is sloppy, and the generator of the rest."""
        if shot.split == "distractor":
            rng = generator(self.seed, Stream.STRANGER, shot.index)
            stranger = sample_stranger(rng) if rng.random() < _SOMEONE else None
            return stranger, bool(rng.random() < 0.3), rng
        person = self.person(shot.pid, shot.outfit)
        if shot.split == "junk":
            return person, True, generator(self.seed, Stream.JUNK_CROP, shot.index)
        return person, False, generator(self.seed, Stream.CROP, shot.pid, shot.camid, shot.index)

    def _obstructed(self, take: Take, shot: Shot) -> Take:
        """The take with as much in the way as the difficulty asks for."""
        if take.stance is None or self.difficulty.occlusion == OCCLUSION:
            return take
        if take.chance >= self.difficulty.occlusion:
            return replace(take, obstacle=None)
        if take.chance < OCCLUSION:
            return take
        rng = generator(self.seed, Stream.OCCLUDER, *_key(shot))
        return replace(take, obstacle=sample_occluder(rng))

    def _resolved(self, crop: Crop, shot: Shot) -> Crop:
        """The crop at the resolution that the difficulty asks for."""
        low, high = self.difficulty.resolution
        if high == 1.0:
            return crop
        rng = generator(self.seed, Stream.RESOLUTION, *_key(shot))
        return replace(crop, image=reduced(crop.image, low + (high - low) * float(rng.random())))


def open_studio(
    *,
    cameras: int,
    seed: int,
    height: int = 128,
    width: int = 64,
    difficulty: Difficulty | None = None,
) -> Studio:
    """The studio of a data set, with its cameras.

    Args:
        cameras: how many.
        seed: seed of the data set.
        height: of a crop in pixels.
        width: of a crop in pixels.
        difficulty: how hard the pictures are; None for the usual.

    Examples:
        >>> studio = open_studio(cameras=2, seed=0)
        >>> studio.draw(Shot("train", 1, camid=2, index=0, frame=0)).image.shape
        (128, 64, 3)
    """
    chosen = difficulty or Difficulty()
    shift = chosen.camera_shift
    return Studio(seed, sample_cameras(cameras, seed=seed, shift=shift), height, width, chosen)


_KINDS = {"train": 0, "query": 0, "gallery": 0, "distractor": 1, "junk": 2}


def _key(shot: Shot) -> tuple[int, int, int, int]:
    """What tells a picture or a walk from every other; steps of a walk share it."""
    return _KINDS[shot.split], shot.pid, shot.camid, shot.index


@lru_cache(maxsize=256)
def _person(pid: int, seed: int, outfit: int) -> Person:
    return sample_person(pid, seed=seed, outfit=outfit)
