"""What is said of a person, in few words: the text of an overlay."""

from __future__ import annotations

from collections.abc import Mapping

from reid_attr.schema import Group, Schema

__all__ = ["phrases"]

_GENERIC = (" length", " colour", " color", " type")  # that a name of a group may do without


def phrases(words: Mapping[str, str], schema: Schema) -> list[str]:
    """Short phrases, a group each; groups of which nothing holds are left out.

    Args:
        words: of one person, from groups to attributes, see `reid_attr.describe`.
        schema: has the groups.

    Examples:
        >>> age = Group("age", ("Age-Young", "Age-Old"), kind="one")
        >>> upper = Group("upper colour", ("Color-Red", "Color-Blue"))
        >>> schema = Schema("tiny", (age, Group("hat", ("Accessory-Hat",)), upper))
        >>> phrases({"age": "Age-Old", "hat": "Accessory-Hat", "upper colour": "Color-Red"}, schema)
        ['age old', 'hat', 'upper red']
    """
    said = ((group, words.get(group.name, "")) for group in schema.groups)
    return [_phrase(group, word) for group, word in said if word]


def _phrase(group: Group, words: str) -> str:
    if words == group.otherwise:
        return words
    short = " + ".join(_short(word, group) for word in words.split(" + "))
    alone = len(group.attributes) == 1
    if alone and group.name.casefold() in group.attributes[0].casefold():
        return short
    name = group.name
    for word in _GENERIC:
        name = name.removesuffix(word)
    return f"{name} {short}"


def _short(attribute: str, group: Group) -> str:
    """The end of a name such as UpperBody-Color-Black, which tells it from its group's others."""
    if attribute not in group.attributes:
        return attribute
    end = attribute.strip("/ ").replace("_", "-").rstrip("-").rpartition("-")[2]
    return end.replace("&", " & ").lower()
