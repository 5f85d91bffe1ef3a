"""Clips of tracklets: which frames to look at, densely, in chunks, or at random.

A clip is a row of frame numbers. A transform of a clip decides once for all its frames: a person
who is mirrored between two frames is no longer walking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from reid_data.preprocess.seeding import generator_for
from reid_data.records import Ids, Records
from reid_data.tracklets import tracklet_rows
from reid_data.transforms import Augmentation

__all__ = [
    "Clips",
    "Mode",
    "Tail",
    "augment_clip",
    "dense_clips",
    "random_clip",
    "random_frames",
    "sample_clips",
    "uniform_clip",
]

Tail = Literal["cycle", "repeat", "overlap", "drop"]
"""What becomes of the frames left over at the end of a tracklet: the clip's own frames again and
again (published), its last frame again, frames from before it, or nothing."""

Mode = Literal["dense", "uniform", "random"]


@dataclass(frozen=True, eq=False)
class Clips:
    """Clips of the tracklets of a data set.

    Attributes:
        rows: rows of the records, in the order of time, ``(C, T)`` int64.
        tracklets: to which tracklet each clip belongs, ``(C,)`` int64.
    """

    rows: Ids
    tracklets: Ids

    def __len__(self) -> int:
        return len(self.rows)


def dense_clips(
    length: int, *, size: int, stride: int = 1, tail: Tail = "cycle", most: int | None = None
) -> Ids:
    """Consecutive clips that cover a tracklet from its beginning to its end.

    Args:
        length: frames of the tracklet.
        size: frames of a clip.
        stride: distance between the frames of a clip; with 2, each stretch of ``2 * size`` frames
            gives two clips, of its even and of its odd frames.
        tail: what becomes of a last clip that is not full. A tracklet too short for any clip is
            never dropped but cycled.
        most: clips to keep, spread evenly; the published reader keeps the first ones and never sees
            the end of long tracklets.

    Returns:
        Frame numbers 0 .. length-1, ``(C, size)`` int64, C at least 1.

    Raises:
        ValueError: a number is not positive or the tail is unknown.

    Examples:
        >>> dense_clips(6, size=4).tolist()
        [[0, 1, 2, 3], [4, 5, 4, 5]]
    """
    _check(length=length, size=size, stride=stride, most=1 if most is None else most)
    if tail not in get_args(Tail):
        raise ValueError(f"tail must be one of {', '.join(get_args(Tail))}, came {tail!r}")
    starts = np.arange(0, length, size * stride)
    # One group of frames a clip: a stretch of size * stride frames holds `stride` of them.
    groups = [
        np.arange(start + phase, min(start + size * stride, length), stride)
        for start in starts.tolist()
        for phase in range(min(stride, length - start))
    ]
    full = [group for group in groups if len(group) == size]
    if tail == "drop" and full:
        groups = full
    clips = np.stack([_filled(group, size=size, stride=stride, tail=tail) for group in groups])
    if most is not None and len(clips) > most:
        clips = clips[np.linspace(0, len(clips) - 1, most).round().astype(np.int64)]
    return clips.astype(np.int64)


def uniform_clip(length: int, *, size: int, generator: np.random.Generator | None = None) -> Ids:
    """One frame from each of as many equal chunks of a tracklet as the clip has frames.

    Args:
        length: frames of the tracklet; where it has fewer than the clip, frames repeat.
        size: frames of the clip.
        generator: draws the frame of each chunk (training); None takes the middle one (test).

    Returns:
        Ascending frame numbers, ``(size,)`` int64.

    Raises:
        ValueError: a number is not positive.

    Examples:
        >>> uniform_clip(10, size=4).tolist(), uniform_clip(2, size=4).tolist()
        ([0, 3, 5, 8], [0, 0, 1, 1])
    """
    _check(length=length, size=size)
    bounds = np.arange(size + 1) * length // size
    first = bounds[:-1]
    count = np.maximum(bounds[1:] - first, 1)
    if generator is None:
        return np.asarray(first + (count - 1) // 2, dtype=np.int64)
    return np.asarray(first + generator.integers(0, count), dtype=np.int64)


def random_clip(length: int, *, size: int, stride: int = 1, generator: np.random.Generator) -> Ids:
    """Consecutive frames from a random place of a tracklet.

    Args:
        length: frames of the tracklet.
        size: frames of the clip.
        stride: distance between its frames; smaller where the tracklet is too short for it.
        generator: draws the place.

    Returns:
        Frame numbers, ``(size,)`` int64; a tracklet shorter than the clip is cycled.

    Raises:
        ValueError: a number is not positive.
    """
    _check(length=length, size=size, stride=stride)
    if size > length:
        return np.resize(np.arange(length), size).astype(np.int64)
    step = min(stride, (length - 1) // (size - 1)) if size > 1 else 1
    span = step * (size - 1) + 1
    start = int(generator.integers(0, length - span, endpoint=True))
    return start + step * np.arange(size, dtype=np.int64)


def random_frames(length: int, *, most: int, generator: np.random.Generator) -> Ids:
    """At most so many different frames of a tracklet, ascending, ``(min(length, most),)`` int64.

    Raises:
        ValueError: a number is not positive.
    """
    _check(length=length, most=most)
    if length <= most:
        return np.arange(length, dtype=np.int64)
    return np.sort(generator.choice(length, most, replace=False)).astype(np.int64)


def sample_clips(
    records: Records,
    *,
    mode: Mode,
    size: int,
    stride: int = 1,
    tail: Tail = "cycle",
    most: int | None = None,
    seed: int | None = None,
) -> Clips:
    """Clips of every tracklet of a data set, its frames in the order of time.

    Frames are ordered by the column ``frame`` where there is one, else by path; some published
    readers take the order in which the file system lists them.

    Args:
        records: with a column ``tracklet``; rows without one are left out.
        mode: ``dense`` (all clips), ``uniform`` or ``random`` (one clip a tracklet).
        size: frames of a clip.
        stride: distance between frames, see `dense_clips` and `random_clip`.
        tail: see `dense_clips`.
        most: dense clips to keep of a tracklet.
        seed: needed by ``random``; makes ``uniform`` draw within the chunks. Another one for
            each epoch gives other clips; a tracklet's depend on the seed and its number only.

    Raises:
        ValueError: the records have no tracklets, or a random clip has no seed.
    """
    if mode not in get_args(Mode):
        raise ValueError(f"mode must be one of {', '.join(get_args(Mode))}, came {mode!r}")
    if mode == "random" and seed is None:
        raise ValueError("random clips need a seed")
    rows, tracklets = [], []
    for tracklet, frames in tracklet_rows(records):
        generator = None if seed is None else generator_for(seed, tracklet)
        if mode == "dense":
            chosen = dense_clips(len(frames), size=size, stride=stride, tail=tail, most=most)
        elif mode == "random" and generator is not None:
            clip = random_clip(len(frames), size=size, stride=stride, generator=generator)
            chosen = clip[None]
        else:
            chosen = uniform_clip(len(frames), size=size, generator=generator)[None]
        rows.append(frames[chosen])
        tracklets += [tracklet] * len(chosen)
    return Clips(np.concatenate(rows), np.array(tracklets, dtype=np.int64))


def augment_clip(
    clip: npt.NDArray[np.uint8], augmentation: Augmentation, *, generator: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """Augment a clip ``(T, H, W, 3)`` with one decision for all its frames: flip, crop and erasing.

    Returns:
        A new clip of the same shape.
    """
    (plan,) = augmentation.plan(1, clip.shape[1:3], generator=generator)
    return np.stack([augmentation.apply(frame, plan) for frame in clip])


def _filled(group: Ids, *, size: int, stride: int, tail: Tail) -> Ids:
    """Fill a clip that is not full from its own frames, or from those before it."""
    lacking = size - len(group)
    if not lacking:
        return group
    if tail == "repeat":
        return np.concatenate([group, np.full(lacking, group[-1])])
    earlier = group[0] - stride * np.arange(lacking, 0, -1)
    if tail == "overlap" and earlier[0] >= 0:
        return np.concatenate([earlier, group])
    return np.resize(group, size)


def _check(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"{name} must be 1 or more, came {number}")
