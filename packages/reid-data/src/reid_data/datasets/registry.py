"""The names by which one asks for a data set.

Some data sets have options, such as a version, a protocol or one of several splits. They are the
keyword arguments of the reader: ``load_dataset("msmt17", root, version="v2")``, and wherever a name
is written, on the command line or in a file, ``msmt17:version=v2`` says the same (several options
are separated by commas). An unknown option is an error that names the valid ones. Parts of a data
set, and several data sets as one, are written there too: see `reid_data.datasets.selection`.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from reid_data.datasets.options import check_options, describe_options, split_name
from reid_data.datasets.selection import SELECTION_OPTIONS, Selection, split_parts
from reid_data.records import DatasetInfo, Records

__all__ = [
    "Reader",
    "dataset_info",
    "dataset_options",
    "list_datasets",
    "load_dataset",
    "load_parts",
    "register_dataset",
]

Reader = Callable[..., Records]
"""What reads a data set: from its root, and options as keyword arguments, to its records."""

_READERS: dict[str, tuple[DatasetInfo, Reader]] = {}


def register_dataset(info: DatasetInfo) -> Callable[[Reader], Reader]:
    """Decorate a function from a root folder to `Records` to make it a data set.

    The function's keyword-only arguments are the options of the data set; see
    `reid_data.datasets.options.check_options` for their types.

    Args:
        info: its name, licence and citation; `load_dataset` puts it on the records.

    Raises:
        ValueError: another reader has that name, or an option is called like one that all data sets
            have.

    Examples:
        >>> @register_dataset(DatasetInfo("doctest-people", licence="ours"))
        ... def read_people(root: Path) -> Records: ...
        >>> "doctest-people" in list_datasets()
        True
    """
    if info.name in _READERS:
        raise ValueError(f"data set {info.name!r} is registered already; choose another name")

    def register(reader: Reader) -> Reader:
        keywords = (
            each
            for each in inspect.signature(reader).parameters.values()
            if each.kind is each.KEYWORD_ONLY
        )
        taken = [each.name for each in keywords if each.name in SELECTION_OPTIONS]
        if taken:
            raise ValueError(
                f"option {taken[0]} of data set {info.name!r} means something for all data sets; "
                "choose another name"
            )
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
    return _find(split_name(name)[0])[0]


def dataset_options(name: str) -> dict[str, str]:
    """The options of a data set: what each may be, and what it is by default.

    Raises:
        ValueError: no data set has this name.
    """
    return describe_options(_find(split_name(name)[0])[1])


def load_dataset(name: str, root: Path | str, **options: Any) -> Records:
    """Read a data set from disk; no image is opened.

    Args:
        name: one of `list_datasets`, which options may follow as in ``msmt17:version=v2``; several
            with ``+`` between are read as one, see `reid_data.datasets.selection`.
        root: the folder (or, for ``csv``, the table) that holds it; ``~`` is expanded.
        **options: see `dataset_options`; of several data sets they stand in the name.

    Raises:
        ValueError: no data set has this name, an option is unknown or does not fit, there is
            nothing at the root, its layout is wrong, or what was selected of it is not there.
    """
    parts = load_parts(name, root, **options)
    return parts[0] if len(parts) == 1 else Records.concatenate(parts)


def load_parts(name: str, root: Path | str, **options: Any) -> list[Records]:
    """Read the data sets of a name one by one, as `load_dataset` does before it joins them.

    Raises:
        ValueError: see `load_dataset`.
    """
    parts = split_parts(name)
    if options and len(parts) > 1:
        raise ValueError(f"write the options of several data sets after their names; came {name!r}")
    return [_load(part, Path(root).expanduser(), options) for part in parts]


def _load(name: str, root: Path, options: dict[str, Any]) -> Records:
    name, spelled = split_name(name)
    info, reader = _find(name)
    twice = sorted(spelled.keys() & options)
    if twice:
        raise ValueError(f"option {twice[0]} of data set {name} is given twice")
    given = spelled | options
    selection = Selection.from_options(given)
    own = {key: value for key, value in given.items() if key not in SELECTION_OPTIONS}
    chosen = check_options(name, reader, own, common=SELECTION_OPTIONS)
    place = root if selection.root is None else root / selection.root
    if not place.exists():
        raise ValueError(f"expected data set {name} at {place}; there is no such folder or file")
    records = reader(place, **chosen)
    about = records.info or info
    if selection.takes_all:
        return Records(records.table, records.root, about)
    # Published counts are those of the whole.
    return selection.apply(Records(records.table, records.root, replace(about, counts={})))


def _find(name: str) -> tuple[DatasetInfo, Reader]:
    if name in _READERS:
        return _READERS[name]
    near = difflib.get_close_matches(name.lower(), _READERS, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}? " if near else ""
    raise ValueError(f"no data set is called {name!r}; {hint}known: {', '.join(list_datasets())}")
