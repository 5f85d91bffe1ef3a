"""The names by which one asks for a published table of attributes.

As with data sets, options are keyword arguments of the reader, written ``NAME:KEY=VALUE`` where a
name is spelled: ``load_attributes("peta", root, split=3)`` and ``peta:split=3`` say the same.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reid_data.attributes import Attributes
from reid_data.datasets.options import check_options, describe_options, split_name

__all__ = [
    "AttributeReader",
    "AttributeSetInfo",
    "attribute_set_info",
    "attribute_set_options",
    "is_attribute_set",
    "list_attribute_sets",
    "load_attributes",
    "named_file",
    "register_attributes",
]

AttributeReader = Callable[..., Attributes]
"""What reads a table: from a file or folder, and options as keyword arguments."""


@dataclass(frozen=True)
class AttributeSetInfo:
    """Where a table of attributes comes from and what its authors publish about it.

    Attributes:
        name: the name by which `load_attributes` knows it.
        licence: the terms of use in one line.
        citation: the paper to cite, in one line; empty for a form that is nobody's.
        url: the authors' page; empty where none is known.
        attributes: how many attributes are read by default; None where it depends on the file.
        rows: published numbers of images (or people) by partition, ``all`` for the whole table.
        note: what else one must know.
    """

    name: str
    licence: str
    citation: str = ""
    url: str = ""
    attributes: int | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    note: str = ""


_READERS: dict[str, tuple[AttributeSetInfo, AttributeReader]] = {}


def register_attributes(
    *infos: AttributeSetInfo,
) -> Callable[[AttributeReader], AttributeReader]:
    """Decorate a function from a file or folder to `Attributes`, under one name or several.

    Raises:
        ValueError: another reader has such a name.
    """

    def register(reader: AttributeReader) -> AttributeReader:
        for info in infos:
            if info.name in _READERS:
                raise ValueError(f"attribute set {info.name!r} is registered already")
            _READERS[info.name] = (info, reader)
        return reader

    return register


def list_attribute_sets() -> list[str]:
    """The names that `load_attributes` knows, sorted."""
    return sorted(_registered())


def is_attribute_set(spelled: str) -> bool:
    """Whether a name, which options may follow, is one of `list_attribute_sets`."""
    return spelled.partition(":")[0] in _registered()


def attribute_set_info(name: str) -> AttributeSetInfo:
    """Licence, citation and published counts.

    Raises:
        ValueError: no attribute set has this name.
    """
    return _find(split_name(name)[0])[0]


def attribute_set_options(name: str) -> dict[str, str]:
    """The options: what each may be, and what it is by default.

    Raises:
        ValueError: no attribute set has this name.
    """
    return describe_options(_find(split_name(name)[0])[1])


def load_attributes(name: str, root: Path | str, **options: Any) -> Attributes:
    """Read a published table of attributes from disk; no image is opened.

    Args:
        name: one of `list_attribute_sets`, which options may follow as in ``peta:split=3``.
        root: the folder of the data set, or the file itself where it is one; ``~`` is expanded.
        **options: see `attribute_set_options`.

    Raises:
        ValueError: no attribute set has this name, an option is unknown or does not fit, there is
            nothing at the root, or the file is broken or of another form.
    """
    name, spelled = split_name(name)
    _, reader = _find(name)
    twice = sorted(spelled.keys() & options)
    if twice:
        raise ValueError(f"option {twice[0]} of attribute set {name} is given twice")
    chosen = check_options(name, reader, spelled | options, what="attribute set")
    place = Path(root).expanduser()
    if not place.exists():
        raise ValueError(f"expected attributes {name} at {place}; there is no such folder or file")
    return reader(place, **chosen)


def named_file(root: Path, *names: str) -> Path:
    """The file itself, or the first of these names that is there in the folder.

    Raises:
        ValueError: none of them is.
    """
    if root.is_file():
        return root
    for name in names:
        if (root / name).is_file():
            return root / name
    raise ValueError(f"expected {' or '.join(names)} in {root}; there is no such file")


def _registered() -> Mapping[str, tuple[AttributeSetInfo, AttributeReader]]:
    from reid_data.attribute_sets import readers  # noqa: F401 - importing it registers them

    return _READERS


def _find(name: str) -> tuple[AttributeSetInfo, AttributeReader]:
    known = _registered()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}? " if near else ""
    raise ValueError(f"no attribute set is called {name!r}; {hint}known: {', '.join(known)}")
