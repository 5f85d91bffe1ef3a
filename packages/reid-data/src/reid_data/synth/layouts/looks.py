"""What can be said about somebody in words, from which each attribute set takes its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..upar import attributes_of

if TYPE_CHECKING:
    from ..people import Person

__all__ = ["looks_of"]


def looks_of(person: Person) -> frozenset[str]:
    """Everything that is true of a person in this outfit, in the words of this project.

    What UPAR has too is as `attributes_of` says it; a garment's colour is the main one.

    Examples:
        >>> from reid_data.synth import sample_person
        >>> sorted(looks_of(sample_person(3, seed=0)) & {"female", "male", "young", "adult", "old"})
        ['male', 'old']
    """
    body, worn = person.body, person.outfit
    upar = attributes_of(person)
    sleeves, legs = upar["UpperBody-Length-Short"], upar["LowerBody-Length-Short"]
    short_skirt = worn.lower_kind == "skirt" and bool(legs)
    said = {
        "female": body.female,
        "male": not body.female,
        body.age: True,
        "bald": bool(upar["Hair-Length-Bald"]),
        "hair-long": bool(upar["Hair-Length-Long"]),
        "hair-short": bool(upar["Hair-Length-Short"]),
        "hair-black": body.hair != "bald" and max(body.hair_colour) < 0.2,
        "hat": worn.hat != "none",
        "glasses": body.glasses == "clear",
        "sunglasses": body.glasses == "dark",
        "any-glasses": body.glasses != "none",
        "nothing-on-head": worn.hat == "none" and body.glasses == "none",
        "backpack": worn.bag == "backpack",
        "shoulder-bag": worn.bag == "shoulder",
        "hand-bag": worn.bag == "hand",
        "bag": worn.bag in ("shoulder", "hand"),
        "carrying-nothing": worn.bag == "none",
        "short-sleeves": bool(sleeves),
        "long-sleeves": not sleeves,
        worn.upper_kind: True,
        "coat-or-jacket": worn.upper_kind in ("coat", "jacket"),
        "upper-check": worn.upper.pattern == "check",
        "upper-stripes": worn.upper.pattern in ("rings", "stripes"),
        "upper-print": worn.upper.pattern in ("print", "back-print"),
        "upper-two-tone": worn.upper.pattern == "two-tone",
        "lower-check": worn.lower.pattern == "check",
        "lower-stripe": worn.lower.pattern == "side-stripe",
        worn.lower_kind: True,
        "trousers-or-shorts": worn.lower_kind != "skirt",
        "short-legs": bool(legs),
        "short-skirt": short_skirt,
        "long-skirt": worn.lower_kind == "skirt" and not short_skirt,
        "boots": worn.boots,
        "no-boots": not worn.boots,
        "shoes-light": max(worn.shoes) > 0.5,
        f"upper-{worn.upper.name}": True,
        f"lower-{worn.lower.name}": True,
    }
    return frozenset(word for word, true in said.items() if true)
