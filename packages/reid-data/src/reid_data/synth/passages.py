"""Passages: who walks over which street, where and when; lengths are those of `streets`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import atan2, ceil, hypot, pi
from typing import Literal

import numpy as np
import numpy.typing as npt

from .people import Person
from .pose import Stance
from .routes import FRAME_RATE, Transitions, sample_transitions
from .streams import Stream, generator
from .streets import Street
from .teams import dressed

__all__ = ["Moves", "Passage", "Standing", "plan_passages", "stature"]

Moves = Literal["walk", "dance", "run"]
"""What people do: cross the street, turn on the spot, or run about."""

_Points = npt.NDArray[np.float64]
_FULL_CYCLE = 0.78
"""Body heights that two steps of amplitude 1 cover, as in `walks`."""
_CADENCE: dict[Moves, tuple[float, float]] = {
    "walk": (0.20, 0.28), "dance": (0.16, 0.34), "run": (0.34, 0.46),
}  # fmt: skip
_SWING: dict[Moves, tuple[float, float]] = {
    "walk": (0.8, 1.1), "dance": (0.3, 0.9), "run": (1.1, 1.5),
}  # fmt: skip
_ASIDE = 0.45
"""How far beside the picture people come from, body heights."""


@dataclass(frozen=True)
class Standing:
    """Where somebody is at one moment.

    Attributes:
        x: to the right on the ground.
        z: away from the camera.
        stance: how the body is seen.
    """

    x: float
    z: float
    stance: Stance


@dataclass(frozen=True, eq=False)
class Passage:
    """One person's way through the view of one camera.

    Attributes:
        person: who walks; ``pid`` is the person's.
        camid: the camera.
        start: the frame, which may lie before the first, in which the way begins.
        points: ``(N, 2)`` the way over the ground, x and z.
        cadence: how far the gait advances in a frame, radians.
        phase: of the gait at the beginning.
        swing: amplitude of a step.
        tall: height relative to the average.
    """

    person: Person
    camid: int
    start: float
    points: _Points
    cadence: float
    phase: float
    swing: float
    tall: float

    @property
    def pid(self) -> int:
        """Whose way this is."""
        return self.person.pid

    @cached_property
    def _reached(self) -> _Points:
        """Length of the way up to each of its points."""
        steps = np.hypot(*np.diff(self.points, axis=0).T)
        return np.concatenate([[0.0], np.cumsum(steps)])

    @property
    def pace(self) -> float:
        """Body heights in a frame: feet stay where they are, so speed and gait belong together."""
        stride = self.swing * self.person.body.stride
        return self.cadence / (2 * pi) * _FULL_CYCLE * stride * self.tall

    @property
    def end(self) -> float:
        """The frame in which it ends."""
        return self.start + float(self._reached[-1]) / self.pace

    def at(self, frame: int, street: Street) -> Standing | None:
        """Where the person is in a frame; None before the beginning and after the end."""
        if not self.start <= frame < self.end:
            return None
        gone = (frame - self.start) * self.pace
        x, z = self._place(gone)
        before, after = self._place(gone - 0.2), self._place(gone + 0.2)
        dx, dz = after[0] - before[0], after[1] - before[1]
        # the direction as this camera sees it: right of, and along, the ray to the person
        right, away = (dx * z - dz * x), (dx * x + dz * z)
        stance = Stance(
            azimuth=atan2(right, -away) % (2 * pi),
            elevation=min(atan2(street.rise - 0.5, hypot(x, z)), 0.45),
            phase=self.phase + self.cadence * (frame - self.start),
            swing=self.swing,
        )
        return Standing(x, z, stance)

    def _place(self, gone: float) -> tuple[float, float]:
        x, z = (float(np.interp(gone, self._reached, axis)) for axis in self.points.T)
        return x, z


def stature(pid: int, *, seed: int) -> float:
    """Somebody's height relative to the average; crops do not know it."""
    return float(np.clip(generator(seed, Stream.STATURE, pid).normal(1.0, 0.05), 0.87, 1.13))


def plan_passages(
    pids: Sequence[int],
    streets: Sequence[Street],
    *,
    frames: int,
    seed: int,
    moves: Moves = "walk",
) -> list[Passage]:
    """Who passes which camera, and when, while all of them record for ``frames`` frames.

    A person who walks comes to every camera once, in an order of its own, and takes from one to the
    next the time that belongs to the two (`routes.Transitions`, shortened to the length of the
    recording); some are in the middle of their way as it begins. Dancers and players stay before
    their camera all the time; pids are dealt to the cameras in turn.

    Args:
        pids: who there is.
        streets: what each camera sees.
        frames: length of the recording.
        seed: seed of the data set.
        moves: what people do.

    Returns:
        The ways in the order of the pids.

    Raises:
        ValueError: there is no camera or no frame.
    """
    if not streets or frames < 1:
        raise ValueError(f"expected a camera and a frame or more, got {len(streets)} and {frames}")
    travel = _shortened(sample_transitions(len(streets), seed=seed), frames)
    passages: list[Passage] = []
    for number, pid in enumerate(pids):
        rng = generator(seed, Stream.PASSAGE, pid)
        person = dressed(pid, number // len(streets) % 2, moves=moves, seed=seed)
        if moves == "walk":
            passages += _route(person, streets, travel, frames, rng, seed)
        else:
            street = streets[number % len(streets)]
            passages.append(_stay(person, street, moves, frames, rng, seed))
    return passages


def _shortened(transitions: Transitions, frames: int) -> Transitions:
    """The same relations between the times, the longest a quarter of the recording."""
    longest = max((max(row) for row in transitions.means), default=0.0) or 1.0
    factor = min(frames / FRAME_RATE / 4 / longest, 1.0)
    means = tuple(tuple(factor * mean for mean in row) for row in transitions.means)
    return Transitions(means, transitions.spread)


def _route(
    person: Person,
    streets: Sequence[Street],
    travel: Transitions,
    frames: int,
    rng: np.random.Generator,
    seed: int,
) -> list[Passage]:
    passages: list[Passage] = []
    clock = 0.0
    for stop in rng.permutation(len(streets)).tolist():
        way = _begin(person, streets[stop], "walk", _across(streets[stop], rng), rng, seed)
        if passages:
            seconds = travel.draw(passages[-1].camid, way.camid, rng=rng)
            clock = passages[-1].end + FRAME_RATE * seconds
        else:
            clock = float(rng.uniform(0.15 * -way.end, 0.8 * frames))
            clock = clock if rng.random() < 0.5 else float(rng.uniform(-0.7, -0.1)) * way.end
        if clock >= frames:
            break
        passages.append(replace(way, start=clock))
    return passages


def _stay(
    person: Person, street: Street, moves: Moves, frames: int, rng: np.random.Generator, seed: int
) -> Passage:
    way = _begin(person, street, moves, _about(street, moves, rng), rng, seed)
    turns = max(ceil(frames / max(way.end, 1.0)), 1)
    return replace(way, points=np.concatenate([way.points, *[way.points[1:]] * turns]))


def _begin(
    person: Person,
    street: Street,
    moves: Moves,
    points: _Points,
    rng: np.random.Generator,
    seed: int,
) -> Passage:
    return Passage(
        person=person,
        camid=street.camid,
        start=0.0,
        points=points,
        cadence=float(rng.uniform(*_CADENCE[moves])),
        phase=float(rng.uniform(0.0, 2 * pi)),
        swing=float(rng.uniform(*_SWING[moves])),
        tall=stature(person.pid, seed=seed),
    )


def _across(street: Street, rng: np.random.Generator) -> _Points:
    """A bent way from one edge of the picture to another: left, right or below."""
    sides = rng.permutation(["left", "right", "below"])[:2].tolist()
    if rng.random() < 0.5:
        sides = rng.permutation(["left", "right"]).tolist()
    first, last = (_entrance(street, side, rng) for side in sides)
    depth = float(rng.uniform(1.15 * street.near, street.far))
    bend = np.array([rng.uniform(-0.7, 0.7) * street.edge(depth), depth])
    along = np.linspace(0.0, 1.0, 40)[:, None]
    points: _Points = (1 - along) ** 2 * first + 2 * along * (1 - along) * bend + along**2 * last
    return points


def _entrance(street: Street, side: str, rng: np.random.Generator) -> _Points:
    if side == "below":
        # so near that even the head is below the picture
        z = 0.9 * street.focal * (street.rise - 1) / (street.height - street.horizon)
        return np.array([rng.uniform(-0.6, 0.6) * street.edge(z), z])
    z = street.near * float((0.97 * street.far / street.near) ** rng.uniform(0.05, 1.0))
    x = street.edge(z) + _ASIDE
    return np.array([-x if side == "left" else x, z])


def _about(street: Street, moves: Moves, rng: np.random.Generator) -> _Points:
    """A closed way inside the picture: around a spot, or to and fro over the field."""
    if moves == "dance":
        z = float(rng.uniform(1.3 * street.near, 0.9 * street.far))
        x = float(rng.uniform(-0.75, 0.75)) * street.edge(z)
        spots = np.array([x, z]) + rng.uniform(-0.5, 0.5, (5, 2))
    else:
        depths = rng.uniform(1.2 * street.near, street.far, 7)
        spots = np.stack([rng.uniform(-0.9, 0.9, 7) * depths * street.edge(1.0), depths], axis=1)
    loop = np.concatenate([spots, spots[:1]])
    for _ in range(3):  # cut the corners
        ahead, behind = 0.75 * loop[:-1] + 0.25 * loop[1:], 0.25 * loop[:-1] + 0.75 * loop[1:]
        loop = np.stack([ahead, behind], axis=1).reshape(-1, 2)
        loop = np.concatenate([loop, loop[:1]])
    return loop
