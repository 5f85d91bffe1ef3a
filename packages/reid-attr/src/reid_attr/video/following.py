"""Frames in, and for each of them who is where and what is said of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reid_attr.recognizer import Recognizer
from reid_attr.video.crops import cut
from reid_attr.video.detections import Boxes, Detections, Detector
from reid_attr.video.memory import Memory
from reid_attr.video.overlay import Caption
from reid_attr.video.quality import qualities
from reid_attr.video.tracker import NOBODY, Tracker, TrackerOptions
from reid_data.videos import VideoFrame
from reid_eval.embedders import Embedder

__all__ = ["Follower", "Scene", "WatchOptions"]

_CROPS = 128  # that go through a network at once


@dataclass(frozen=True)
class WatchOptions:
    """How a clip is watched.

    Attributes:
        stride: attributes are recognised in each so manieth frame, and when somebody is new.
        batch: frames that are worked on together.
        half_life: seconds after which a look counts half in what is shown.
        gap: seconds for which somebody unseen is remembered.
        keep_ids: tracks are the ids that the detector gives, nothing is tracked.

    Raises:
        ValueError: a number is out of range.
    """

    stride: int = 2
    batch: int = 8
    half_life: float = 2.0
    gap: float = 2.0
    keep_ids: bool = False

    def __post_init__(self) -> None:
        if self.stride < 1 or self.batch < 1 or self.half_life <= 0 or self.gap < 0:
            raise ValueError(
                "expected stride and batch of 1 or more, a positive half_life and no negative gap, "
                f"came {self.stride}, {self.batch}, {self.half_life}, {self.gap}"
            )


@dataclass(frozen=True, eq=False)
class Scene:
    """One frame with what is drawn over it: a caption for each of N boxes."""

    frame: VideoFrame
    boxes: Boxes
    captions: Sequence[Caption]


@dataclass(frozen=True, eq=False)
class _Look:
    """People of one frame whose attributes are to be recognised, cut out of it."""

    frame: VideoFrame
    detections: Detections
    tracks: NDArray[np.int64]
    crops: NDArray[np.uint8]


class Follower:
    """Follows the people of one clip.

    Args:
        rate: frames a second.
        recognizer: of the attributes.
        detector: finds people.
        embedder: of a re-identification model, if looks take part in tracking.
        options: see `WatchOptions`.

    Attributes:
        memory: what is known of everybody.
    """

    def __init__(
        self,
        rate: float,
        recognizer: Recognizer,
        detector: Detector,
        embedder: Embedder | None,
        options: WatchOptions,
    ) -> None:
        self._rate, self._options = rate, options
        self._recognizer, self._detector, self._embedder = recognizer, detector, embedder
        self._tracker = Tracker(TrackerOptions(gap=options.gap * rate))
        self._seconds: float | None = None
        self.memory = Memory(recognizer, options.half_life)

    def follow(self, frames: Sequence[VideoFrame]) -> list[Scene]:
        """The next frames of the clip; each network runs once for all of them.

        Raises:
            ValueError: ids shall be kept, and the detector gives none.
        """
        found = self._detector.detect(frames)
        people = [
            self._tracked(frame, detections, looks)
            for frame, detections, looks in zip(
                frames, found, self._looks(frames, found), strict=True
            )
        ]
        looks = self._wanted(frames, people)
        parts = _in_parts(self._recognizer, [look.crops for look in looks])
        seen = {look.frame.number: (look, part) for look, part in zip(looks, parts, strict=True)}
        return [
            self._scene(frame, *each, *seen.get(frame.number, (None, None)))
            for frame, each in zip(frames, people, strict=True)
        ]

    def _scene(
        self,
        frame: VideoFrame,
        detections: Detections,
        tracks: NDArray[np.int64],
        look: _Look | None,
        scores: NDArray[np.float32] | None,
    ) -> Scene:
        self.memory.see(frame, detections, tracks)
        if look is not None and scores is not None:
            clear = qualities(look.crops, look.detections, frame.pixels.shape)
            self.memory.look(
                frame, look.detections, look.tracks, probabilities=scores, qualities=clear
            )
        return Scene(frame, detections.boxes, self.memory.captions(tracks))

    def _tracked(
        self, frame: VideoFrame, detections: Detections, looks: NDArray[np.float32] | None
    ) -> tuple[Detections, NDArray[np.int64]]:
        """Who belongs to a track, and to which."""
        if self._options.keep_ids:
            if detections.ids is None:
                raise ValueError(
                    "the detector gives no ids that could be kept; leave out --keep-ids, or give a "
                    "file of boxes that has them"
                )
            named = detections.ids >= 0
            return detections.take(named), detections.ids[named]
        steps = 1.0
        if self._seconds is not None:
            steps = (frame.seconds - self._seconds) * self._rate
        self._seconds = frame.seconds
        tracks = self._tracker.update(detections, frames=steps, looks=looks)
        known = tracks != NOBODY
        return detections.take(known), tracks[known]

    def _looks(
        self, frames: Sequence[VideoFrame], found: Sequence[Detections]
    ) -> list[NDArray[np.float32] | None]:
        """Embeddings of the sure detections of each frame, NaN for the others."""
        if self._embedder is None or self._options.keep_ids:
            return [None] * len(frames)
        least = self._tracker.options.sure
        size = self._embedder.image_size
        cuts = []
        for frame, detections in zip(frames, found, strict=True):
            sure = np.flatnonzero(detections.scores >= least)
            crops, rows = cut(frame.pixels, detections.boxes[sure], size)
            cuts.append((crops, sure[rows]))
        parts = _in_parts(_on_device(self._embedder), [crops for crops, _ in cuts])
        looks: list[NDArray[np.float32] | None] = []
        for detections, (_, rows), part in zip(found, cuts, parts, strict=True):
            look = np.full((len(detections), self._embedder.embedding_size), np.nan, np.float32)
            if len(rows):
                look[rows] = part
            looks.append(look)
        return looks

    def _wanted(
        self,
        frames: Sequence[VideoFrame],
        people: Sequence[tuple[Detections, NDArray[np.int64]]],
    ) -> list[_Look]:
        """Whom to recognise: everybody in each so manieth frame, and who is new."""
        wanted, new = [], set()
        for frame, (detections, tracks) in zip(frames, people, strict=True):
            chosen = np.ones(len(tracks), bool)
            if frame.number % self._options.stride:
                known = (self.memory.knows(track) or track in new for track in tracks.tolist())
                chosen = ~np.fromiter(known, bool, len(tracks))
            crops, rows = cut(frame.pixels, detections.boxes[chosen], self._recognizer.image_size)
            if len(rows):
                looked = np.flatnonzero(chosen)[rows]
                wanted.append(_Look(frame, detections.take(looked), tracks[looked], crops))
                new.update(tracks[looked].tolist())
        return wanted


def _on_device(embedder: Embedder) -> Callable[[Tensor], Tensor]:
    return lambda images: embedder(images.to(embedder.device)).cpu()


def _in_parts(
    network: Callable[[Tensor], Tensor], crops: Sequence[NDArray[np.uint8]]
) -> list[NDArray[np.float32]]:
    """Answers of a network for the crops ``(N, H, W, 3)`` of several frames, all run together."""
    counts = [len(each) for each in crops]
    if not sum(counts):
        return [np.empty((0, 0), np.float32) for _ in counts]
    images = torch.from_numpy(np.concatenate(crops)).permute(0, 3, 1, 2)
    rows = torch.cat([network(part) for part in torch.split(images, _CROPS)])
    return [part.numpy() for part in torch.split(rows, counts)]
