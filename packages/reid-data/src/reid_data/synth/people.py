"""Identities: what stays with a person from camera to camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .palette import COLOURS, Colour, ColourName, pick, shade_of
from .streams import Stream, generator

__all__ = [
    "Age",
    "Bag",
    "Body",
    "Garment",
    "Hair",
    "Hat",
    "LowerKind",
    "Outfit",
    "Pattern",
    "Person",
    "UpperKind",
    "sample_person",
    "sample_stranger",
]

Age = Literal["young", "adult", "old"]
Hair = Literal["bald", "short", "medium", "long", "tail", "bun"]
UpperKind = Literal["tshirt", "sleeveless", "sweater", "jacket", "coat"]
LowerKind = Literal["trousers", "shorts", "skirt"]
Bag = Literal["none", "backpack", "shoulder", "hand"]
Hat = Literal["none", "cap", "beanie"]
Pattern = Literal[
    "plain", "rings", "stripes", "check", "dots", "two-tone", "print", "back-print", "side-stripe"
]


@dataclass(frozen=True)
class Body:
    """What a person cannot take off. Lengths are fractions of the body height.

    Attributes:
        female: drives clothing and hair statistics only.
        age: drives proportions and hair colour.
        build: width of trunk and limbs, 1 is average.
        shoulders: shoulder width relative to the build.
        belly: depth of the trunk, 1 is average.
        legs: height of the hip joint.
        head: half the height of the head.
        skin: colour of the skin.
        hair: hair style.
        hair_colour: colour of the hair.
        glasses: none, clear or dark ones.
        stride: length of the step, 1 is average.
    """

    female: bool
    age: Age
    build: float
    shoulders: float
    belly: float
    legs: float
    head: float
    skin: Colour
    hair: Hair
    hair_colour: Colour
    glasses: Literal["none", "clear", "dark"]
    stride: float


@dataclass(frozen=True)
class Garment:
    """One piece of clothing: its main colour, and a pattern in a second one.

    Attributes:
        name: name of the main colour.
        colour: the main colour.
        second_name: name of the colour of the pattern.
        second: the colour of the pattern.
        pattern: how the second colour is laid on the first.
        scale: size of the pattern, 1 is average.
    """

    name: ColourName
    colour: Colour
    second_name: ColourName
    second: Colour
    pattern: Pattern
    scale: float


@dataclass(frozen=True)
class Outfit:
    """What a person wears and carries.

    Attributes:
        upper_kind: cut of the upper garment; a jacket or a coat is worn open over ``inner``.
        upper: the upper garment.
        inner: colour of the shirt under an open jacket.
        lower_kind: cut of the lower garment.
        lower: the lower garment.
        lower_length: where it ends, from hip joint (0) through knee (1) to ankle (2).
        shoes: colour of the shoes.
        boots: the shoes cover the calf.
        socks: colour between shoe and a short garment.
        bag: kind of bag; ``bag_side`` is +1 for the person's left, -1 for the right.
        bag_colour: its colour.
        bag_side: where a shoulder bag or a hand bag hangs.
        hat: kind of hat.
        hat_colour: its colour.
    """

    upper_kind: UpperKind
    upper: Garment
    inner: Colour
    lower_kind: LowerKind
    lower: Garment
    lower_length: float
    shoes: Colour
    boots: bool
    socks: Colour
    bag: Bag
    bag_colour: Colour
    bag_side: int
    hat: Hat
    hat_colour: Colour


@dataclass(frozen=True)
class Person:
    """An identity: a body in an outfit."""

    pid: int
    body: Body
    outfit: Outfit


_SKIN: tuple[Colour, ...] = (
    (0.92, 0.76, 0.66),
    (0.86, 0.67, 0.54),
    (0.76, 0.56, 0.42),
    (0.58, 0.40, 0.29),
    (0.38, 0.25, 0.18),
)
_HAIR: tuple[Colour, ...] = (
    (0.07, 0.06, 0.06),
    (0.16, 0.10, 0.07),
    (0.32, 0.20, 0.11),
    (0.62, 0.47, 0.26),
    (0.45, 0.18, 0.09),
)
_GREY_HAIR: tuple[Colour, ...] = ((0.62, 0.62, 0.62), (0.84, 0.83, 0.81))

_UPPER: dict[ColourName, float] = {
    "black": 0.15, "white": 0.13, "grey": 0.11, "blue": 0.16, "red": 0.10, "green": 0.09,
    "brown": 0.06, "yellow": 0.06, "pink": 0.05, "purple": 0.05, "orange": 0.04,
}  # fmt: skip
_LOWER: dict[ColourName, float] = {
    "black": 0.27, "blue": 0.27, "grey": 0.14, "brown": 0.11, "white": 0.07, "green": 0.06,
    "red": 0.03, "pink": 0.02, "purple": 0.02, "yellow": 0.01,
}  # fmt: skip
_CARRIED: dict[ColourName, float] = {
    "black": 0.3, "brown": 0.2, "blue": 0.15, "red": 0.12, "grey": 0.08, "green": 0.08,
    "yellow": 0.04, "pink": 0.03,
}  # fmt: skip
_UPPER_PATTERN: dict[Pattern, float] = {
    "plain": 0.44, "rings": 0.13, "stripes": 0.07, "check": 0.09, "dots": 0.06, "two-tone": 0.10,
    "print": 0.07, "back-print": 0.04,
}  # fmt: skip
_LOWER_PATTERN: dict[Pattern, float] = {"plain": 0.84, "side-stripe": 0.10, "check": 0.06}


def sample_person(pid: int, *, seed: int, outfit: int = 0) -> Person:
    """The person whose number is ``pid``: the same one for the same arguments, always.

    Args:
        pid: identity number, at least 0.
        seed: seed of the data set.
        outfit: which of the person's outfits; the body stays the same.

    Returns:
        The identity, independent of how many others are drawn.
    """
    body = _sample_body(generator(seed, Stream.BODY, pid))
    clothes = _sample_outfit(body, generator(seed, Stream.OUTFIT, pid, outfit))
    return Person(pid=pid, body=body, outfit=clothes)


def sample_stranger(rng: np.random.Generator) -> Person:
    """Somebody who is seen once and has no number: a passer-by, a distractor."""
    body = _sample_body(rng)
    return Person(pid=-1, body=body, outfit=_sample_outfit(body, rng))


def _sample_body(rng: np.random.Generator) -> Body:
    female = bool(rng.random() < 0.5)
    ages: dict[Age, float] = {"young": 0.15, "adult": 0.70, "old": 0.15}
    age = pick(ages, rng)
    bald = 0.0 if female else (0.3 if age == "old" else 0.08)
    styles: dict[Hair, float] = (
        {"short": 0.12, "medium": 0.26, "long": 0.34, "tail": 0.18, "bun": 0.10}
        if female
        else {"bald": bald, "short": 0.72, "medium": 0.12, "long": 0.04, "tail": 0.03}
    )
    grey = rng.random() < (0.75 if age == "old" else 0.03)
    return Body(
        female=female,
        age=age,
        build=float(np.clip(rng.normal(0.95 if female else 1.03, 0.11), 0.75, 1.35)),
        shoulders=float(np.clip(rng.normal(0.95 if female else 1.05, 0.05), 0.8, 1.2)),
        belly=float(np.clip(rng.normal(1.0, 0.15), 0.7, 1.5)),
        legs=float(rng.uniform(0.485, 0.53)),
        head=float(rng.uniform(0.062, 0.069) * (1.1 if age == "young" else 1.0)),
        skin=shade_of((_SKIN[int(rng.integers(len(_SKIN)))],), rng),
        hair=pick(styles, rng),
        hair_colour=shade_of(_GREY_HAIR if grey else _HAIR, rng),
        glasses=pick({"none": 0.8, "clear": 0.12, "dark": 0.08}, rng),
        stride=float(rng.uniform(0.75, 1.2)),
    )


def _sample_outfit(body: Body, rng: np.random.Generator) -> Outfit:
    upper_kind: UpperKind = pick(
        {"tshirt": 0.34, "sleeveless": 0.07, "sweater": 0.27, "jacket": 0.22, "coat": 0.10}, rng
    )
    lower_kind: LowerKind = pick(
        {"trousers": 0.66, "shorts": 0.20, "skirt": 0.26 if body.female else 0.0}, rng
    )
    lengths = {"trousers": (1.88, 2.0), "shorts": (0.45, 1.05), "skirt": (0.6, 1.5)}
    dark = _pick_colour(_CARRIED, rng)
    return Outfit(
        upper_kind=upper_kind,
        upper=_sample_garment(_UPPER, _UPPER_PATTERN, rng),
        inner=_pick_colour(_UPPER, rng),
        lower_kind=lower_kind,
        lower=_sample_garment(_LOWER, _LOWER_PATTERN, rng),
        lower_length=float(rng.uniform(*lengths[lower_kind])),
        shoes=_pick_colour(
            {"black": 0.4, "white": 0.25, "brown": 0.2, "red": 0.08, "blue": 0.07}, rng
        ),
        boots=bool(rng.random() < 0.15),
        socks=_pick_colour({"white": 0.5, "black": 0.3, "grey": 0.2}, rng),
        bag=pick({"none": 0.42, "backpack": 0.28, "shoulder": 0.18, "hand": 0.12}, rng),
        bag_colour=dark,
        bag_side=1 if rng.random() < 0.5 else -1,
        hat=pick({"none": 0.82, "cap": 0.10, "beanie": 0.08}, rng),
        hat_colour=_pick_colour(_CARRIED, rng),
    )


def _sample_garment(
    colours: dict[ColourName, float], patterns: dict[Pattern, float], rng: np.random.Generator
) -> Garment:
    name = pick(colours, rng)
    colour = shade_of(COLOURS[name], rng)
    others = {other: weight for other, weight in colours.items() if other != name}
    second_name = pick(others, rng)
    return Garment(
        name=name,
        colour=colour,
        second_name=second_name,
        second=shade_of(COLOURS[second_name], rng),
        pattern=pick(patterns, rng),
        scale=float(rng.uniform(0.75, 1.35)),
    )


def _pick_colour(weights: dict[ColourName, float], rng: np.random.Generator) -> Colour:
    return shade_of(COLOURS[pick(weights, rng)], rng)
