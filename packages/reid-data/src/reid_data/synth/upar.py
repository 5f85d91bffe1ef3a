"""What can be said of a person, in the 40 attributes of UPAR."""

from __future__ import annotations

from ..attribute_sets.upar import UPAR_NAMES
from .people import Garment, Hair, Pattern, Person

__all__ = ["attributes_of"]

_HAIR_LENGTH: dict[Hair, str] = {
    "bald": "Bald", "short": "Short", "bun": "Short", "medium": "Long", "long": "Long",
    "tail": "Long",
}  # fmt: skip
"""By how far it hangs: a bun is hair as short as that of a cropped head, whatever it could be."""

_HALVES: frozenset[Pattern] = frozenset({"rings", "stripes", "check", "two-tone"})
"""Patterns of which either colour covers a third of the garment or more."""

_KNEE = 1.05
"""Where a garment that ends at the knee, or above, ends; see `people.Outfit.lower_length`."""


def attributes_of(person: Person) -> dict[str, int]:
    """The truth about what is drawn of a person, hidden or not.

    A garment has the name of each colour that covers a third of it or more; where these are two,
    it is also of colour ``Other``, as data sets call what has several. The shirt under an open
    jacket does not count.

    Returns:
        0 or 1 for each of `UPAR_NAMES`, in their order.

    Examples:
        >>> from .people import sample_person
        >>> said = attributes_of(sample_person(1, seed=0))
        >>> len(said), sum(said[f"Age-{age}"] for age in ("Young", "Adult", "Old"))
        (40, 1)
    """
    body, outfit = person.body, person.outfit
    skirt = outfit.lower_kind == "skirt"
    said = {
        f"Age-{body.age.capitalize()}",
        f"Hair-Length-{_HAIR_LENGTH[body.hair]}",
        f"LowerBody-Type-{'Skirt&Dress' if skirt else 'Trousers&Shorts'}",
        *(f"UpperBody-Color-{name}" for name in _colours(outfit.upper)),
        *(f"LowerBody-Color-{name}" for name in _colours(outfit.lower)),
    }
    holds = {
        "Gender-Female": body.female,
        "UpperBody-Length-Short": outfit.upper_kind in ("tshirt", "sleeveless"),
        "LowerBody-Length-Short": outfit.lower_length <= _KNEE,
        "Accessory-Backpack": outfit.bag == "backpack",
        "Accessory-Bag": outfit.bag in ("shoulder", "hand"),
        "Accessory-Glasses-Normal": body.glasses == "clear",
        "Accessory-Glasses-Sun": body.glasses == "dark",
        "Accessory-Hat": outfit.hat != "none",
    }
    said |= {name for name, true in holds.items() if true}
    return {name: int(name in said) for name in UPAR_NAMES}


def _colours(garment: Garment) -> list[str]:
    if garment.pattern not in _HALVES:
        return [garment.name.capitalize()]
    return [garment.name.capitalize(), garment.second_name.capitalize(), "Other"]
