"""What a data set holds: every crop to be drawn, before the first is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

from .routes import (
    DAY,
    FRAME_RATE,
    Visit,
    passing,
    plan_visits,
    sample_transitions,
    steps,
)
from .streams import Stream, generator

__all__ = ["Shot", "Split", "plan_shots"]

Split = Literal["train", "query", "gallery", "distractor", "junk"]


@dataclass(frozen=True)
class Shot:
    """One crop of the data set.

    Attributes:
        split: train, query, gallery, distractor or junk.
        pid: who is seen; 0 for a distractor, which is a stranger or nobody.
        camid: the camera, from 1.
        index: running number among the pictures, or walks, of this identity and camera, or of
            this split.
        frame: when it was taken, 25 a second from the beginning of the day's recording.
        outfit: which of the person's outfits, from 0.
        tracklet: number of the walk that it belongs to, from 0; -1 for a single picture.
        step: place in the walk, from 0.
        timestamp: seconds since the first day's recording began, on one clock for all cameras.
    """

    split: Split
    pid: int
    camid: int
    index: int
    frame: int
    outfit: int = 0
    tracklet: int = -1
    step: int = 0
    timestamp: float = 0.0


def plan_shots(
    *,
    identities: int,
    test_identities: int,
    cameras: int,
    images_per_camera: int,
    distractors: int,
    seed: int,
    outfits: int = 1,
    outfit_change: float | None = None,
    tracklet_length: int = 0,
    transitions: bool = False,
) -> list[Shot]:
    """Every crop of a data set.

    Training identities are numbered from 1, test identities after them. An identity has
    ``images_per_camera`` crops in every camera, in the training set or in the gallery; a test
    identity has one more in every camera as a query. For four distractors there is one junk crop.

    With several outfits a person comes on several days, on each in another one; a camera sees the
    person on one of these days. With tracklets each of the crops becomes a walk of that many
    steps, one a frame.

    Args:
        identities: training identities.
        test_identities: identities of query and gallery.
        cameras: how many cameras see everybody.
        images_per_camera: crops, or walks, of one identity in one camera.
        distractors: gallery crops, or walks, of nobody who is asked for.
        seed: seed of the data set.
        outfits: how many each person has.
        outfit_change: share of a person's visits in another outfit than the first; None wears
            each of them equally often.
        tracklet_length: steps of a walk; 0 takes single pictures.
        transitions: whether people walk a route from camera to camera, in times that depend on
            the two (see `routes.Transitions`); otherwise cameras see them at unrelated times.

    Returns:
        The crops, no two of one camera and identity in the same frame; steps of a walk follow
        one another.

    Raises:
        ValueError: there are fewer than one outfits, a change without a second outfit, or a
            negative length.
    """
    _check(outfits, outfit_change, tracklet_length)
    travel = sample_transitions(cameras, seed=seed) if transitions else None
    shots: list[Shot] = []
    for pid in range(1, identities + test_identities + 1):
        train = pid <= identities
        visits = plan_visits(
            pid,
            cameras=cameras,
            pictures=images_per_camera if train else images_per_camera + 1,
            length=tracklet_length,
            outfits=outfits,
            outfit_change=outfit_change,
            transitions=travel,
            seed=seed,
        )
        shots += [shot for visit in visits for shot in _seen(pid, visit, train=train)]
    for camid in range(1, cameras + 1):
        mine = range(camid - 1, distractors, cameras)
        frames = passing(seed, 0, camid, len(mine), tracklet_length)
        for index, frame in zip(mine, frames, strict=True):
            shots.append(_shot("distractor", 0, camid, index, frame))
    junk = ceil(distractors / 4)
    shots += _plan_junk(identities, test_identities, cameras, junk, tracklet_length, seed)
    return _walked(shots, tracklet_length) if tracklet_length else shots


def _check(outfits: int, outfit_change: float | None, tracklet_length: int) -> None:
    if outfits < 1:
        raise ValueError(f"outfits: expected at least 1, got {outfits}")
    if outfit_change is not None and not 0 <= outfit_change <= 1:
        raise ValueError(f"outfit_change: expected a share from 0 to 1, got {outfit_change}")
    if outfit_change and outfits == 1:
        raise ValueError("outfit_change needs outfits of at least 2, got 1")
    if tracklet_length < 0:
        raise ValueError(f"tracklet_length: expected at least 0, got {tracklet_length}")


def _shot(split: Split, pid: int, camid: int, index: int, frame: int, outfit: int = 0) -> Shot:
    seconds = outfit * DAY + frame / FRAME_RATE
    return Shot(split, pid, camid, index, frame, outfit=outfit, timestamp=seconds)


def _seen(pid: int, visit: Visit, *, train: bool) -> list[Shot]:
    """The pictures of a visit; the first of a test identity is the query."""
    splits: list[Split] = ["train" if train else "gallery"] * len(visit.frames)
    if not train:
        splits[0] = "query"
    return [
        _shot(split, pid, visit.camid, index, frame, visit.outfit)
        for index, (split, frame) in enumerate(zip(splits, visit.frames, strict=True))
    ]


def _plan_junk(
    first: int, people: int, cameras: int, count: int, length: int, seed: int
) -> list[Shot]:
    """Failed crops of the people of the gallery."""
    rng = generator(seed, Stream.JUNK)
    pids = (first + rng.integers(1, people + 1, size=count)).tolist()
    camids = rng.integers(1, cameras + 1, size=count).tolist()
    frames = steps(rng, count, length)
    return [
        _shot("junk", pid, camid, index, frame)
        for index, (pid, camid, frame) in enumerate(zip(pids, camids, frames, strict=True))
    ]


def _walked(starts: list[Shot], length: int) -> list[Shot]:
    """Every picture continued for ``length`` frames."""
    return [
        replace(
            shot,
            tracklet=tracklet,
            step=step,
            frame=shot.frame + step,
            timestamp=shot.timestamp + step / FRAME_RATE,
        )
        for tracklet, shot in enumerate(starts)
        for step in range(length)
    ]
