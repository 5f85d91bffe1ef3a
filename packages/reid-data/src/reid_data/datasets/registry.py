"""The names by which one asks for a data set."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path

from reid_data.records import DatasetInfo, Records

__all__ = ["Reader", "dataset_info", "list_datasets", "load_dataset", "register_dataset"]

Reader = Callable[[Path], Records]
"""What reads a data set: from its root to its records."""

_READERS: dict[str, tuple[DatasetInfo, Reader]] = {}


def register_dataset(info: DatasetInfo) -> Callable[[Reader], Reader]:
    """Decorate a function from a root folder to `Records` to make it a data set.

    Args:
        info: its name, licence and citation; `load_dataset` puts it on the records.

    Raises:
        ValueError: another reader has that name.

    Example:
        >>> @register_dataset(DatasetInfo("doctest-people", licence="ours"))
        ... def read_people(root: Path) -> Records: ...
        >>> "doctest-people" in list_datasets()
        True
    """
    if info.name in _READERS:
        raise ValueError(f"data set {info.name!r} is registered already; choose another name")

    def register(reader: Reader) -> Reader:
        _READERS[info.name] = (info, reader)
        return reader

    return register


def list_datasets() -> list[str]:
    """The names that `load_dataset` knows, sorted."""
    return sorted(_READERS)


def dataset_info(name: str) -> DatasetInfo:
    """Licence, citation and published counts of a data set.

    Raises:
        ValueError: no data set has this name.
    """
    return _find(name)[0]


def load_dataset(name: str, root: Path | str) -> Records:
    """Read a data set from disk; no image is opened.

    Args:
        name: one of `list_datasets`.
        root: the folder (or, for ``csv``, the table) that holds it; ``~`` is expanded.

    Raises:
        ValueError: no data set has this name, there is nothing at the root, or its layout is wrong.
    """
    info, reader = _find(name)
    place = Path(root).expanduser()
    if not place.exists():
        raise ValueError(f"expected data set {name} at {place}; there is no such folder or file")
    records = reader(place)
    return Records(records.table, records.root, records.info or info)


def _find(name: str) -> tuple[DatasetInfo, Reader]:
    if name in _READERS:
        return _READERS[name]
    near = difflib.get_close_matches(name.lower(), _READERS, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}? " if near else ""
    raise ValueError(f"no data set is called {name!r}; {hint}known: {', '.join(list_datasets())}")
