"""``market_attribute.mat`` and ``duke_attribute.mat``: attributes of people, counted 1 and 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .contents import cells, mat_file
from .looks import looks_of

if TYPE_CHECKING:
    from .registry import Plan

__all__ = ["DUKE_ATTRIBUTES", "MARKET_ATTRIBUTES", "duke_attributes", "market_attributes"]

_MARKET_UP = ("black", "white", "red", "purple", "yellow", "gray", "blue", "green")
_MARKET_DOWN = ("black", "white", "pink", "purple", "yellow", "gray", "blue", "green", "brown")
_DUKE_UP = ("black", "white", "red", "purple", "gray", "blue", "green", "brown")
_DUKE_DOWN = ("black", "white", "red", "gray", "blue", "green", "brown")


def _colours(side: str, part: str, names: tuple[str, ...]) -> dict[str, str]:
    return {f"{side}{name}": f"{part}-{name.replace('gray', 'grey')}" for name in names}


MARKET_ATTRIBUTES = {
    "backpack": "backpack",
    "bag": "shoulder-bag",
    "handbag": "hand-bag",
    **_colours("down", "lower", _MARKET_DOWN),
    **_colours("up", "upper", _MARKET_UP),
    "clothes": "trousers-or-shorts",
    "down": "short-legs",
    "up": "short-sleeves",
    "hair": "hair-long",
    "hat": "hat",
    "gender": "female",
}
"""The 26 of Market-1501 that are yes (2) or no (1), and the word of `looks_of` for yes."""

DUKE_ATTRIBUTES = {
    "backpack": "backpack",
    "bag": "shoulder-bag",
    "handbag": "hand-bag",
    "boots": "boots",
    "gender": "female",
    "hat": "hat",
    "shoes": "shoes-light",
    "top": "coat-or-jacket",
    **_colours("down", "lower", _DUKE_DOWN),
    **_colours("up", "upper", _DUKE_UP),
}
"""The 23 of DukeMTMC-reID; ``top`` is a long upper garment."""

_AGES = {"young": 2, "adult": 3, "old": 4}


def market_attributes(plan: Plan) -> bytes:
    """The content of ``market_attribute.mat``: everybody in the first outfit."""
    return _attributes(plan, "market_attribute", MARKET_ATTRIBUTES, ages=True)


def duke_attributes(plan: Plan) -> bytes:
    """The content of ``duke_attribute.mat``: everybody in the first outfit."""
    return _attributes(plan, "duke_attribute", DUKE_ATTRIBUTES, ages=False)


def _attributes(plan: Plan, variable: str, words: dict[str, str], *, ages: bool) -> bytes:
    trained = plan.amounts["identities"]
    people = range(1, trained + plan.amounts["test_identities"] + 1)
    sides = {"test": people[trained:], "train": people[:trained]}
    return mat_file(
        {variable: {side: _side(plan, pids, words, ages) for side, pids in sides.items()}}
    )


def _side(plan: Plan, pids: range, words: dict[str, str], ages: bool) -> dict[str, Any]:
    persons = [plan.studio.person(pid) for pid in pids]
    looks = [looks_of(person) for person in persons]
    fields: dict[str, Any] = {}
    if ages:
        fields["age"] = np.array([[_AGES[person.body.age] for person in persons]])
    for name, word in words.items():
        fields[name] = np.array([[1 + (word in said) for said in looks]])
    return {**fields, "image_index": cells([f"{pid:04d}" for pid in pids])}
