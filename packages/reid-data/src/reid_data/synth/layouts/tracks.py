"""Tracklets of a plan, and further helpers that several layouts share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from ..plan import Shot, Split
    from .registry import Plan

__all__ = ["Track", "halves", "numbered", "of_splits", "tracks_of", "without_last_question"]

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Track:
    """One tracklet: its crops in the order of time, which share all of this.

    Attributes:
        split: train, query, gallery, distractor or junk.
        pid: who is seen.
        camid: the camera.
        number: running number among the tracklets of this person, from 0.
        shots: the crops.
    """

    split: Split
    pid: int
    camid: int
    number: int
    shots: tuple[Shot, ...]


def tracks_of(shots: Iterable[Shot], *splits: str) -> list[Track]:
    """The tracklets in the order of the plan, all or those of some splits."""
    groups: dict[Hashable, list[Shot]] = defaultdict(list)
    for shot in shots:
        # A single picture is a tracklet of its own.
        walk = shot.tracklet if shot.tracklet >= 0 else (shot.index,)
        groups[shot.split, shot.pid, shot.camid, walk].append(shot)
    counts: dict[int, int] = defaultdict(int)
    tracks = []
    for members in groups.values():
        first = members[0]
        if splits and first.split not in splits:
            continue
        ordered = tuple(sorted(members, key=lambda shot: shot.step))
        tracks.append(Track(first.split, first.pid, first.camid, counts[first.pid], ordered))
        counts[first.pid] += 1
    return tracks


def of_splits(shots: Iterable[Shot], *splits: str) -> list[Shot]:
    """The crops of some splits."""
    return [shot for shot in shots if shot.split in splits]


def numbered(items: Iterable[_Item], keys: Sequence[Hashable]) -> Iterator[tuple[int, _Item]]:
    """Each item with its running number, from 0, among those of the same key."""
    counts: dict[Hashable, int] = defaultdict(int)
    for item, key in zip(items, keys, strict=True):
        yield counts[key], item
        counts[key] += 1


def without_last_question(plan: Plan) -> list[Shot]:
    """All crops but the queries of the last test identity, whom nobody asks for then.

    Nothing is left out where there is only one test identity.
    """
    last = plan.amounts["identities"] + plan.amounts["test_identities"]
    spare = plan.amounts["test_identities"] > 1
    return [
        shot for shot in plan.shots if not (spare and shot.split == "query" and shot.pid == last)
    ]


def halves(plan: Plan, people: Sequence[int], *, count: int) -> list[list[int]]:
    """Orders of people of which the first half is tested.

    Args:
        plan: its own division comes first, where it is one into halves.
        people: numbers of the people, in the order of their identities.
        count: how many orders; all but the first are random.
    """
    train = plan.amounts["identities"]
    orders = [[*people[train:], *people[:train]]]
    for number in range(1, count):
        rng = np.random.default_rng((plan.seed, number))
        orders.append([people[at] for at in rng.permutation(len(people))])
    return orders
