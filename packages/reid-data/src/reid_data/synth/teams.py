"""What people wear who perform together: dancers all the same, players one of two kits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .people import Outfit, Person, sample_person
from .streams import Stream, generator

if TYPE_CHECKING:
    from .passages import Moves

__all__ = ["dressed"]

_DANCERS = 2


def dressed(pid: int, team: int, *, moves: Moves, seed: int) -> Person:
    """A person dressed for what it does.

    Args:
        pid: identity number.
        team: of a player, 0 or 1.
        moves: walkers wear their own clothes, dancers one costume, players a kit.
        seed: seed of the data set.
    """
    person = sample_person(pid, seed=seed)
    if moves == "walk":
        return person
    return replace(person, outfit=_costume(team if moves == "run" else _DANCERS, seed))


def _costume(team: int, seed: int) -> Outfit:
    rng = generator(seed, Stream.TEAM, team)
    worn = sample_person(int(rng.integers(1, 2**31)), seed=seed, outfit=team).outfit
    bare = replace(worn, bag="none", hat="none")
    if team == _DANCERS:
        return bare
    return replace(bare, upper_kind="tshirt", lower_kind="shorts", lower_length=0.7, boots=False)
