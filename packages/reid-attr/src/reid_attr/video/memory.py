"""What is remembered of each track while a clip is watched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reid_attr.recognizer import Recognizer
from reid_attr.video.crops import seen_edges
from reid_attr.video.detections import Detections
from reid_attr.video.overlay import Caption
from reid_attr.video.result import BOX_COLUMNS, BestFrame, PersonTrack
from reid_attr.video.smoothing import Smoother
from reid_attr.video.wording import phrases
from reid_data.videos import VideoFrame

__all__ = ["Memory"]


@dataclass
class _Person:
    smoother: Smoother
    first: int
    last: int = 0
    frames: int = 0
    best: BestFrame | None = None
    caption: Caption | None = None


@dataclass
class Memory:
    """Everybody seen so far.

    Attributes:
        recognizer: says what probabilities mean.
        half_life: see `Smoother`.
    """

    recognizer: Recognizer
    half_life: float
    _people: dict[int, _Person] = field(default_factory=dict)
    _rows: list[tuple[Any, ...]] = field(default_factory=list)

    def knows(self, track: int) -> bool:
        """Whether attributes of this track were recognised."""
        return track in self._people and self._people[track].smoother.count > 0

    def see(self, frame: VideoFrame, detections: Detections, tracks: NDArray[np.int64]) -> None:
        """Take down where everybody is in a frame."""
        boxes = detections.boxes.astype(float).tolist()
        for track, box, score in zip(tracks.tolist(), boxes, detections.scores, strict=True):
            left, top, right, bottom = box
            place = (left, top, right - left, bottom - top)
            self._rows.append((frame.number, frame.seconds, track, *place, float(score)))
            person = self._people.setdefault(track, _Person(Smoother(self.half_life), frame.number))
            person.last, person.frames = frame.number, person.frames + 1

    def look(
        self,
        frame: VideoFrame,
        detections: Detections,
        tracks: NDArray[np.int64],
        *,
        probabilities: NDArray[np.float32],
        qualities: NDArray[np.float64],
    ) -> None:
        """Take in the attributes ``(N, K)`` of N people of a frame, and how well they are seen."""
        for at, track in enumerate(tracks.tolist()):
            person, quality = self._people[track], float(qualities[at])
            person.smoother.add(probabilities[at], quality=quality, seconds=frame.seconds)
            if person.best is None or quality > person.best.quality:
                person.best = _best(frame, detections.boxes[at], quality)
        self._say(tracks)

    def captions(self, tracks: NDArray[np.int64]) -> list[Caption]:
        """What is written at each of these tracks."""
        found = (self._people[track].caption for track in tracks.tolist())
        pairs = zip(tracks.tolist(), found, strict=True)
        return [said or Caption(track, ()) for track, said in pairs]

    def tracks(self) -> tuple[PersonTrack, ...]:
        """Everybody whose attributes were recognised, by number."""
        known = {track: each for track, each in sorted(self._people.items()) if each.best}
        if not known:
            return ()
        means = np.stack([person.smoother.overall for person in known.values()])
        words = self.recognizer.describe(means)
        return tuple(
            PersonTrack(
                track,
                person.first,
                person.last,
                person.frames,
                person.smoother.count,
                person.best,
                mean,
                said,
            )
            for (track, person), mean, said in zip(known.items(), means, words, strict=True)
            if person.best is not None
        )

    def boxes(self) -> pd.DataFrame:
        """A row a box, with `BOX_COLUMNS`."""
        return pd.DataFrame(self._rows, columns=list(BOX_COLUMNS))

    def _say(self, tracks: NDArray[np.int64]) -> None:
        people = [self._people[track] for track in tracks.tolist()]
        if not people:
            return
        words = self.recognizer.describe(np.stack([each.smoother.lately for each in people]))
        for track, person, said in zip(tracks.tolist(), people, words, strict=True):
            person.caption = Caption(track, tuple(phrases(said, self.recognizer.schema)))


def _best(frame: VideoFrame, box: NDArray[np.float32], quality: float) -> BestFrame:
    left, top, right, bottom = seen_edges(box[None], frame.pixels.shape)[0].tolist()
    crop = frame.pixels[top:bottom, left:right].copy()
    return BestFrame(frame.number, frame.seconds, tuple(box.tolist()), quality, crop)
