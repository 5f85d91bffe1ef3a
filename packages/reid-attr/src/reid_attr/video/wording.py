"""What is said of a person, in few words: the text of an overlay."""

from __future__ import annotations

from collections.abc import Mapping

from reid_attr.schema import Group, Schema

__all__ = ["phrases"]


def phrases(words: Mapping[str, str], schema: Schema) -> list[str]:
    """Short phrases, a group each; groups of which nothing holds are left out.

    Args:
        words: of one person, from groups to attributes, see `reid_attr.describe`.
        schema: has the groups.

    Examples:
        >>> age = Group("age", ("Age-Young", "Age-Old"), kind="one")
        >>> groups = (age, Group("hat", ("Accessory-Hat",)), Group("legs", ("Length-Short",)))
        >>> said = {"age": "Age-Old", "hat": "Accessory-Hat", "legs": "Length-Short"}
        >>> phrases(said, Schema("tiny", groups))
        ['age old', 'hat', 'legs short']
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
    return f"{group.name} {short}"


def _short(attribute: str, group: Group) -> str:
    """The end of a name such as UpperBody-Color-Black, which tells it from its group's others."""
    if attribute not in group.attributes:
        return attribute
    end = attribute.strip("/ ").replace("_", "-").rstrip("-").rpartition("-")[2]
    return end.replace("&", " & ").lower()
