"""What a set of attributes means: their names, which belong together, and which exclude each other.

Everything downstream (heads, losses, decoding, metrics, queries) takes the columns of its arrays in
the order of a schema's names.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from reid_data.attributes import UNKNOWN, Attributes, Values

__all__ = ["Group", "GroupKind", "Schema"]

GroupKind = Literal["any", "one", "at-most-one"]
"""How many attributes of a group hold at once: any number, exactly one, or one and maybe none."""


@dataclass(frozen=True)
class Group:
    """Attributes of one kind, such as the colours of the upper body.

    Where exactly one must hold and none is marked, the group is unknown for that image.

    Attributes:
        name: in words.
        attributes: their names, one or more.
        kind: how many hold at once; see `GroupKind`.
        otherwise: what it is called when none of them holds, such as ``male``; may be empty.

    Raises:
        ValueError: there are no attributes, an unknown kind, or a single attribute with a kind.
    """

    name: str
    attributes: tuple[str, ...]
    kind: GroupKind = "any"
    otherwise: str = ""

    def __post_init__(self) -> None:
        if not self.attributes or not all(self.attributes) or not self.name:
            raise ValueError(f"group {self.name!r} needs a name and one attribute or more")
        if self.kind not in get_args(GroupKind):
            known = ", ".join(get_args(GroupKind))
            raise ValueError(f"group {self.name}: kind must be one of {known}; came {self.kind!r}")
        if self.exclusive and len(self.attributes) < 2:
            raise ValueError(
                f"group {self.name}: one attribute has none to exclude; leave out kind"
            )

    @property
    def exclusive(self) -> bool:
        """Whether two of them never hold at once."""
        return self.kind != "any"


@dataclass(frozen=True)
class Schema:
    """Attributes in groups, in the order of every array's columns.

    Attributes:
        name: of the schema.
        groups: in order; the columns are their attributes one after another.
        title: one line about it.

    Raises:
        ValueError: there are no groups, or a name comes twice.

    Examples:
        >>> age = Group("age", ("young", "adult"), kind="one")
        >>> schema = Schema("tiny", (age, Group("hat", ("hat",))))
        >>> schema.names, schema.columns("age")
        (('young', 'adult', 'hat'), slice(0, 2, None))
        >>> schema.column("Hat")
        2
    """

    name: str
    groups: tuple[Group, ...]
    title: str = ""

    def __post_init__(self) -> None:
        if not self.groups:
            raise ValueError(f"schema {self.name} has no groups")
        for what, names in (
            ("group", [group.name for group in self.groups]),
            ("attribute", [name.casefold() for name in self.names]),
        ):
            twice = [name for name in names if names.count(name) > 1]
            if twice:
                raise ValueError(f"schema {self.name}: {what} {twice[0]!r} comes twice")

    def __len__(self) -> int:
        return sum(len(group.attributes) for group in self.groups)

    @property
    def names(self) -> tuple[str, ...]:
        """All attributes, ``K`` of them."""
        return tuple(name for group in self.groups for name in group.attributes)

    def columns(self, group: str) -> slice:
        """Where the attributes of a group are.

        Raises:
            ValueError: there is no such group.
        """
        start = 0
        for known in self.groups:
            end = start + len(known.attributes)
            if known.name == group:
                return slice(start, end)
            start = end
        groups = ", ".join(known.name for known in self.groups)
        raise ValueError(f"schema {self.name} has no group {group!r}; there are: {groups}")

    def column(self, name: str) -> int:
        """Where an attribute is; upper and lower case are the same.

        Raises:
            ValueError: there is no such attribute; the message names the nearest.
        """
        known = {each.casefold(): at for at, each in enumerate(self.names)}
        if name.casefold() in known:
            return known[name.casefold()]
        near = difflib.get_close_matches(name.casefold(), known, n=1, cutoff=0.4)
        hint = f"did you mean {self.names[known[near[0]]]}? " if near else ""
        raise ValueError(
            f"schema {self.name} has no attribute {name!r}; {hint}There are: "
            f"{', '.join(self.names)}"
        )

    def values_of(self, attributes: Attributes) -> Attributes:
        """A table's columns in the order of the schema; further columns are left out.

        Groups of which exactly one must hold are unknown (-1) in rows where none is marked.

        Raises:
            ValueError: the table lacks attributes; the message lists them.
        """
        missing = [name for name in self.names if name not in attributes.names]
        if missing:
            raise ValueError(
                f"{len(missing)} of the {len(self)} attributes of schema {self.name} are not in "
                f"the table: {', '.join(missing)}; it has: {', '.join(attributes.names)}"
            )
        chosen = attributes.select(self.names)
        return Attributes(
            chosen.names,
            self.without_empty(chosen.values),
            chosen.keys,
            chosen.key,
            chosen.partitions,
            chosen.notes,
        )

    def without_empty(self, values: Values) -> Values:
        """Values ``(N, K)`` in which groups that must have one and have none are unknown."""
        known = values.copy()
        for group in self.groups:
            if group.kind == "one":
                columns = self.columns(group.name)
                known[~(values[:, columns] == 1).any(axis=1), columns] = UNKNOWN
        return known

    def check_columns(self, width: int) -> None:
        """Refuse arrays that cannot be of this schema.

        Raises:
            ValueError: ``width`` is another number of columns.
        """
        if width != len(self):
            raise ValueError(f"schema {self.name} has {len(self)} attributes, came {width} columns")

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `from_dict` reads them and YAML and JSON hold them."""
        groups = []
        for group in self.groups:
            entry: dict[str, Any] = {"name": group.name}
            if group.exclusive:
                entry["kind"] = group.kind
            if group.otherwise:
                entry["otherwise"] = group.otherwise
            groups.append({**entry, "attributes": list(group.attributes)})
        return {"name": self.name, "title": self.title, "groups": groups}

    @classmethod
    def from_dict(cls, content: Any, *, name: str = "") -> Schema:
        """Build a schema from plain values.

        Args:
            content: ``title`` and ``groups``, each with ``name``, ``attributes`` and perhaps
                ``kind`` and ``otherwise``.
            name: of the schema, where the content has none.

        Raises:
            ValueError: it has another form; unknown keys are named with the nearest.
        """
        _check_keys(content, ("name", "title", "groups"), "a schema")
        entries = content.get("groups")
        if not isinstance(entries, Sequence) or isinstance(entries, str):
            raise ValueError(f"a schema needs a list groups, came {entries!r:.80}")
        groups = tuple(_group(entry) for entry in entries)
        called = str(content.get("name") or name or "own")
        return cls(called, groups, str(content.get("title") or ""))


def _group(entry: Any) -> Group:
    _check_keys(entry, ("name", "attributes", "kind", "otherwise"), "a group of a schema")
    names = entry.get("attributes")
    if not isinstance(names, Sequence) or isinstance(names, str):
        raise ValueError(f"a group of a schema needs a list attributes, came {names!r:.80}")
    texts = tuple(str(name) for name in names)
    otherwise = str(entry.get("otherwise") or "")
    return Group(str(entry.get("name") or ""), texts, entry.get("kind", "any"), otherwise)


def _check_keys(content: Any, known: Sequence[str], what: str) -> None:
    if not isinstance(content, Mapping):
        raise ValueError(f"expected {what} with the keys {', '.join(known)}, came {content!r:.80}")
    for key in content:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.0)
            raise ValueError(f"{what} has no key {key!r}; did you mean {near[0]!r}?")
