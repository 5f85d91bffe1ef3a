"""When people pass the cameras, on which days, and what they wear there."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, floor

import numpy as np

from .streams import Stream, generator

__all__ = [
    "DAY", "FRAME_RATE", "Transitions", "Visit", "passing", "plan_visits", "sample_transitions",
    "steps",
]  # fmt: skip

FRAME_RATE = 25
"""Frames in a second."""

DAY = 86_400
"""Seconds from the beginning of one day's recording to the next day's."""

_RECORDING = 90_000
"""Frames in which a sequence may begin: an hour at 25 a second."""

_QUICK, _SLOW = 30.0, 900.0
"""The shortest and the longest mean time between two cameras, seconds."""


@dataclass(frozen=True)
class Visit:
    """One person passing one camera.

    Attributes:
        camid: the camera, from 1.
        outfit: what the person wears, from 0; it is also the number of the day.
        frames: when each picture is taken, or each walk begins, in frames of that day.
    """

    camid: int
    outfit: int
    frames: tuple[int, ...]


@dataclass(frozen=True)
class Transitions:
    """How long people take from one camera to another.

    The time between leaving camera a and entering camera b is log-normal; its mean belongs to the
    ordered pair, so that the way back may take another time.

    Attributes:
        means: (C, C) seconds, ``means[a - 1][b - 1]`` from a to b; the diagonal is 0.
        spread: standard deviation of the logarithm.
    """

    means: tuple[tuple[float, ...], ...]
    spread: float = 0.15

    def draw(self, leaving: int, entering: int, *, rng: np.random.Generator) -> float:
        """Seconds from leaving one camera to entering another.

        Args:
            leaving: number of the first camera, from 1.
            entering: number of the second.
            rng: the walker's mood.
        """
        mean = self.means[leaving - 1][entering - 1]
        return mean * exp(self.spread * rng.standard_normal() - 0.5 * self.spread**2)


def sample_transitions(cameras: int, *, seed: int) -> Transitions:
    """The transition times of a data set: a mean of its own for every ordered pair of cameras.

    Args:
        cameras: how many.
        seed: seed of the data set.
    """
    rng = generator(seed, Stream.TRANSITION)
    pairs = cameras * (cameras - 1)
    places = (rng.permutation(pairs) + rng.random(pairs)) / max(pairs, 1)
    means = np.zeros((cameras, cameras))
    means[~np.eye(cameras, dtype=bool)] = _QUICK * (_SLOW / _QUICK) ** places
    return Transitions(tuple(tuple(row) for row in means.tolist()))


def plan_visits(
    pid: int,
    *,
    cameras: int,
    pictures: int,
    length: int,
    outfits: int,
    outfit_change: float | None,
    transitions: Transitions | None,
    seed: int,
) -> list[Visit]:
    """Everywhere that a person is seen: once by every camera.

    Args:
        pid: identity number.
        cameras: how many there are.
        pictures: pictures or walks in each of them.
        length: frames that each of these lasts.
        outfits: how many the person has.
        outfit_change: share of visits in another outfit than the first; None for all alike.
        transitions: times between cameras; None for visits at unrelated times.
        seed: seed of the data set.

    Returns:
        The visits in order of the cameras.
    """
    worn = _worn(pid, cameras, outfits, outfit_change, seed)
    frames = {camid: passing(seed, pid, camid, pictures, length) for camid in range(1, cameras + 1)}
    if transitions is not None:
        frames = _on_a_route(frames, worn, length, transitions, generator(seed, Stream.ROUTE, pid))
    return [Visit(camid, worn[camid - 1], tuple(times)) for camid, times in frames.items()]


def _worn(
    pid: int, cameras: int, outfits: int, outfit_change: float | None, seed: int
) -> list[int]:
    """The outfit in each camera: which camera sees which is chance, how many see each is not."""
    rng = generator(seed, Stream.WARDROBE, pid)
    ranks = rng.permutation(cameras).tolist()
    if outfit_change is None:
        return [rank % outfits for rank in ranks]
    changed = floor(outfit_change * cameras + rng.random())
    return [1 + rank % (outfits - 1) if rank < changed else 0 for rank in ranks]


def _on_a_route(
    frames: dict[int, list[int]],
    worn: list[int],
    length: int,
    transitions: Transitions,
    rng: np.random.Generator,
) -> dict[int, list[int]]:
    """The same visits, moved in time so that on each day one follows from the other."""
    moved = dict(frames)
    route = (rng.permutation(len(frames)) + 1).tolist()
    for day in sorted(set(worn)):
        clock, last = float(rng.integers(_RECORDING)), 0
        for camid in (stop for stop in route if worn[stop - 1] == day):
            if last:
                clock += FRAME_RATE * transitions.draw(last, camid, rng=rng)
            first = frames[camid][0]
            moved[camid] = [round(clock) + frame - first for frame in frames[camid]]
            clock, last = float(moved[camid][-1] + length), camid
    return moved


def passing(seed: int, pid: int, camid: int, count: int, length: int = 0) -> list[int]:
    """Frames in which ``count`` pictures, or walks of ``length``, of somebody begin in a camera.

    Identity 0 stands for the strangers.
    """
    return steps(generator(seed, Stream.SEQUENCE, pid, camid), count, length)


def steps(rng: np.random.Generator, count: int, length: int = 0) -> list[int]:
    """Frames that follow one another with gaps of up to a second between their walks."""
    start = int(rng.integers(_RECORDING))
    gaps = rng.integers(1, 26, size=count)
    frames: list[int] = (start + np.cumsum(gaps) + length * np.arange(count)).tolist()
    return frames
