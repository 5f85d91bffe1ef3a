"""From boxes to tracks: who is who from one frame to the next.

Association in two stages after ByteTrack (Zhang et al., ECCV 2022): boxes that are sure go to
tracks first, then unsure ones (somebody half hidden) to tracks that are left; only sure ones begin
tracks. Where a re-identification model looked at the boxes, its embeddings take part as in BoT-SORT
(Aharon et al., 2022), and find people again behind what hid them. Written here because no library
that may be used takes embeddings: ``trackers`` (Apache-2.0) has none in any of its trackers,
norfair is bound to filterpy, boxmot is AGPL.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reid_attr.video.association import LooksGate, assign, costs_of
from reid_attr.video.detections import Detections
from reid_attr.video.kalman import predict, start, to_places, update

__all__ = ["NOBODY", "Tracker", "TrackerOptions"]

NOBODY = -1
"""The track of a detection that belongs to none."""

_Floats = NDArray[np.float64]
_Ids = NDArray[np.int64]


@dataclass(frozen=True)
class TrackerOptions:
    """When boxes are one person.

    Attributes:
        sure: score from which on a box begins a track and has a first choice.
        least: score below which a box is nothing.
        overlap: IoU that a sure box needs with the place where a track is expected.
        unsure_overlap: the same of an unsure box.
        new_overlap: the same of a box with a track that was seen once.
        gap: frames for which somebody unseen is remembered.
        memory: share of the old look in the new one of a track.
        looks: when looks decide.

    Raises:
        ValueError: a number is out of range.
    """

    sure: float = 0.5
    least: float = 0.1
    overlap: float = 0.2
    unsure_overlap: float = 0.5
    new_overlap: float = 0.3
    gap: float = 50.0
    memory: float = 0.9
    looks: LooksGate = field(default_factory=LooksGate)

    def __post_init__(self) -> None:
        if not 0 <= self.least <= self.sure <= 1 or self.gap < 0 or not 0 <= self.memory < 1:
            raise ValueError(
                "expected 0 <= least <= sure <= 1, gap of 0 or more and memory in [0, 1), came "
                f"{self.least}, {self.sure}, {self.gap}, {self.memory}"
            )


@dataclass
class _Track:
    """What is remembered of one person beside the motion; ``number`` 0: seen once, maybe nobody."""

    number: int
    unseen: float = 0.0
    look: _Floats | None = None


class Tracker:
    """Tracks of one clip, frame by frame.

    Args:
        options: when boxes are one person.

    Examples:
        >>> tracker = Tracker()
        >>> box, sure = np.array([[10, 10, 30, 60]], np.float32), np.ones(1, np.float32)
        >>> [tracker.update(Detections(box + 2 * step, sure)).tolist() for step in range(3)]
        [[1], [1], [1]]
    """

    def __init__(self, options: TrackerOptions | None = None) -> None:
        self.options = options or TrackerOptions()
        self._motion = start(np.empty((0, 4)))
        self._tracks: list[_Track] = []
        self._count = 0
        self._begun = False

    def update(
        self,
        detections: Detections,
        *,
        frames: float = 1.0,
        looks: NDArray[np.float32] | None = None,
    ) -> _Ids:
        """Follow everybody into the next frame.

        Args:
            detections: N people found in it.
            frames: how long after the last one it was taken, in periods of the frame rate.
            looks: ``(N, D)`` embeddings of them, of any length, or NaN where one is unknown.

        Returns:
            ``(N,)`` tracks, numbered from 1, or `NOBODY`: too unsure, or seen for the first time
            (but in the first frame of all).
        """
        self._motion = predict(self._motion, frames=frames)
        unit = None if looks is None else _normalized(looks)
        found = np.full(len(detections), NOBODY, np.int64)
        options, scores = self.options, detections.scores
        sure = np.flatnonzero(scores >= options.sure)
        unsure = np.flatnonzero((scores >= options.least) & (scores < options.sure))
        old = [at for at, track in enumerate(self._tracks) if track.number]
        matched = self._match(old, sure, detections, unit, options.overlap)
        seen = [at for at in old if at not in matched and not self._tracks[at].unseen]
        matched |= self._match(seen, unsure, detections, None, options.unsure_overlap)
        new = [at for at, track in enumerate(self._tracks) if not track.number]
        free = sure[~np.isin(sure, list(matched.values()))]
        matched |= self._match(new, free, detections, unit, options.new_overlap)
        self._follow(matched, detections, unit, frames)
        for at, column in matched.items():
            found[column] = self._tracks[at].number
        free = sure[~np.isin(sure, list(matched.values()))]
        self._forget(matched)
        found[free] = self._begin(free, detections, unit)
        self._begun = True
        return found

    def _match(
        self,
        rows: list[int],
        columns: NDArray[np.int64],
        detections: Detections,
        unit: _Floats | None,
        least_overlap: float,
    ) -> dict[int, int]:
        """From some of the tracks to some of the detections."""
        if not rows or not len(columns):
            return {}
        distances = None if unit is None else self._distances(rows, unit[columns])
        costs = costs_of(
            self._motion.take(np.array(rows)),
            detections.boxes[columns],
            least_overlap=least_overlap,
            distances=distances,
            gate=self.options.looks,
        )
        return {rows[row]: int(columns[column]) for row, column in assign(costs)}

    def _distances(self, rows: list[int], unit: _Floats) -> _Floats:
        unknown = np.full(unit.shape[1], np.nan)
        looks = [self._tracks[at].look for at in rows]
        known = np.stack([unknown if look is None else look for look in looks])
        distances: _Floats = 1 - known @ unit.T
        return distances

    def _follow(
        self, matched: dict[int, int], detections: Detections, unit: _Floats | None, frames: float
    ) -> None:
        """Take what was seen into motion, looks and counts."""
        rows, columns = np.array(list(matched), np.intp), np.array(list(matched.values()), np.intp)
        motion = self._motion
        if len(rows):
            seen = update(motion.take(rows), to_places(detections.boxes[columns]))
            motion.place[rows], motion.speed[rows] = seen.place, seen.speed
            motion.covariance[rows] = seen.covariance
        for at, track in enumerate(self._tracks):
            if at not in matched:
                track.unseen += frames
                motion.speed[at, 2:] = 0  # nobody shrinks away behind a tree
                continue
            track.unseen = 0.0
            if not track.number:
                self._count += 1
                track.number = self._count
            sure = detections.scores[matched[at]] >= self.options.sure
            if unit is not None and sure:
                track.look = _blended(track.look, unit[matched[at]], self.options.memory)

    def _forget(self, matched: dict[int, int]) -> None:
        """Drop who was seen once only, and who is gone too long."""
        kept = [
            at
            for at, track in enumerate(self._tracks)
            if at in matched or (track.number and track.unseen <= self.options.gap)
        ]
        self._motion = self._motion.take(np.array(kept, np.intp))
        self._tracks = [self._tracks[at] for at in kept]

    def _begin(self, free: NDArray[np.int64], detections: Detections, unit: _Floats | None) -> _Ids:
        numbers = np.full(len(free), NOBODY, np.int64)
        if not self._begun:
            numbers = np.arange(len(free), dtype=np.int64) + self._count + 1
            self._count += len(free)
        self._motion = self._motion.join(start(to_places(detections.boxes[free])))
        for number, column in zip(numbers.tolist(), free.tolist(), strict=True):
            look = None if unit is None else _blended(None, unit[column], 0.0)
            self._tracks.append(_Track(max(number, 0), look=look))
        return numbers


def _normalized(looks: NDArray[np.float32]) -> _Floats:
    lengths = np.linalg.norm(looks.astype(np.float64), axis=1, keepdims=True)
    unit: _Floats = looks / np.where(lengths > 0, lengths, 1)
    return unit


def _blended(old: _Floats | None, new: _Floats, memory: float) -> _Floats | None:
    if np.isnan(new).any():
        return old
    if old is None:
        return new
    mixed = memory * old + (1 - memory) * new
    length = float(np.linalg.norm(mixed))
    return mixed / length if length else old
