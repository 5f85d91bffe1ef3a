"""What is known of the people of a clip after it was watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reid_attr.schema import Schema
from reid_data.files import replacing
from reid_data.images import Pixels
from reid_data.preprocess.rewriting import encode_image

__all__ = ["BOX_COLUMNS", "BestFrame", "PersonTrack", "VideoTracks"]

BOX_COLUMNS = ("frame", "seconds", "track", "left", "top", "width", "height", "score")
"""Of `VideoTracks.boxes`: frames and pixels from 0."""


@dataclass(frozen=True, eq=False)
class BestFrame:
    """Where somebody is seen best.

    Attributes:
        frame: its number, from 0.
        seconds: its time.
        box: left, top, right, bottom in pixels.
        quality: see `reid_attr.video.quality.qualities`.
        crop: what is in the box ``(h, w, 3)``.
    """

    frame: int
    seconds: float
    box: tuple[float, ...]
    quality: float
    crop: Pixels


@dataclass(frozen=True, eq=False)
class PersonTrack:
    """One person from appearing to disappearing.

    Attributes:
        track: the number.
        first: frame of the first box, from 0.
        last: frame of the last.
        frames: in how many there is a box.
        looks: in how many attributes were recognised.
        best: where the person is seen best.
        probabilities: ``(K,)`` of the whole track, in the order of the schema.
        attributes: what holds in words, from groups to attributes.
    """

    track: int
    first: int
    last: int
    frames: int
    looks: int
    best: BestFrame
    probabilities: NDArray[np.float64]
    attributes: Mapping[str, str]

    def to_dict(self, schema: Schema) -> dict[str, Any]:
        """Plain values, for JSON."""
        best = self.best
        return {
            "track": self.track,
            "first_frame": self.first,
            "last_frame": self.last,
            "frames": self.frames,
            "looks": self.looks,
            "best": {
                "frame": best.frame,
                "seconds": round(best.seconds, 6),
                "box": [round(float(value), 1) for value in best.box],
                "quality": round(best.quality, 4),
            },
            "attributes": dict(self.attributes),
            "probabilities": {
                name: round(float(value), 4)
                for name, value in zip(schema.names, self.probabilities, strict=True)
            },
        }


@dataclass(frozen=True, eq=False)
class VideoTracks:
    """Everybody in a clip.

    Attributes:
        clip: name of the video.
        size: height and width of a frame.
        frames: how many there are.
        rate: frames a second.
        schema: of the attributes.
        tracks: everybody whose attributes were recognised, by number.
        boxes: a row a box of a track, with `BOX_COLUMNS`.
    """

    clip: str
    size: tuple[int, int]
    frames: int
    rate: float
    schema: Schema
    tracks: tuple[PersonTrack, ...]
    boxes: pd.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; the boxes are left out."""
        return {
            "clip": self.clip,
            "height": self.size[0],
            "width": self.size[1],
            "frames": self.frames,
            "rate": self.rate,
            "schema": self.schema.name,
            "tracks": [track.to_dict(self.schema) for track in self.tracks],
        }

    def save_boxes(self, path: Path) -> None:
        """Write the boxes as CSV."""
        with replacing(path) as temporary:
            self.boxes.to_csv(temporary, index=False, float_format="%.4f")

    def save_crops(self, folder: Path) -> None:
        """Write everybody's best crop as ``000007.jpg``, named by the track."""
        for track in self.tracks:
            with replacing(folder / f"{track.track:06d}.jpg") as temporary:
                temporary.write_bytes(encode_image(track.best.crop, ".jpg"))
