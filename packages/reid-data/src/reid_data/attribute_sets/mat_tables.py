"""What the attribute tables in MATLAB's format have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reid_data.attributes import UNKNOWN
from reid_data.datasets.mat_files import mat_fields, read_mat
from reid_data.records import Ids

__all__ = ["labels", "partition", "reading", "structure", "take_field"]


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Name the file in whatever reason is given for not reading it."""
    try:
        yield
    except ValueError as error:
        if str(path) in str(error):
            raise
        raise ValueError(f"{path}: {error}") from error


def structure(path: Path, name: str) -> dict[str, Any]:
    """The fields of one structure of a file.

    Raises:
        ValueError: the file is not readable, or has no such structure.
    """
    content = read_mat(path)
    if name not in content:
        raise ValueError(f"expected a variable {name} in {path}; found: {', '.join(content)}")
    return mat_fields(content[name])


def take_field(fields: Mapping[str, Any], *names: str) -> Any:
    """The first of several spellings of a field that is there.

    Raises:
        ValueError: none of them is.
    """
    for name in names:
        if name in fields:
            return fields[name]
    raise ValueError(f"expected a field {' or '.join(names)}; found: {', '.join(fields)}")


def labels(value: Any, *, columns: int) -> npt.NDArray[np.int64]:
    """Labels ``(N, columns)`` where 2 (seen by nobody clearly) becomes -1, unknown.

    Raises:
        ValueError: it is not such a table.
    """
    table = np.asarray(value)
    if table.ndim == 1:  # one row, squeezed away
        table = table[None]
    if table.ndim != 2 or table.shape[1] != columns or table.dtype.kind not in "biuf":
        raise ValueError(f"expected labels (N, {columns}), came {table.dtype} {table.shape}")
    if not np.isfinite(table).all():
        raise ValueError("expected labels 0, 1 or 2 (unknown), came one that is not a number")
    return np.where(table == 2, UNKNOWN, table).astype(np.int64)


def partition(value: Any, *, split: int, rows: int) -> dict[str, Ids]:
    """One of several published splits: rows from 0 of ``train``, ``val`` and ``test``.

    Args:
        value: a structure, or a cell array of them, whose fields begin with these names and count
            rows from 1.
        split: which one.
        rows: how many rows there are.

    Raises:
        ValueError: there is no such split, or it is not of this form.
    """
    splits = np.atleast_1d(np.asarray(value, dtype=object)).ravel()
    if not 0 <= split < len(splits):
        raise ValueError(f"split must be 0 to {len(splits) - 1}, came {split}")
    inner = splits[split]
    while isinstance(inner, np.ndarray) and inner.size == 1:
        inner = inner.ravel()[0]
    found: dict[str, Ids] = {}
    for name, numbers in mat_fields(inner).items():
        side = next((each for each in ("train", "val", "test") if name.startswith(each)), None)
        indices = np.atleast_1d(np.asarray(numbers)).ravel()
        if side is None or not indices.size:
            continue
        if indices.dtype.kind not in "iuf" or indices.min() < 1 or indices.max() > rows:
            raise ValueError(f"expected rows 1 to {rows} in split {split}, field {name}")
        found[side] = indices.astype(np.int64) - 1
    if not {"train", "test"} <= set(found):
        raise ValueError(f"expected train and test in split {split}; found: {', '.join(found)}")
    return found
