"""Columns of a table as a gallery keeps them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = [
    "attribute_texts",
    "is_missing",
    "mappings",
    "pictures",
    "row_paths",
    "timestamps",
    "whole_numbers",
]


def whole_numbers(table: pd.DataFrame, name: str, missing: int) -> NDArray[np.int64]:
    """Whole numbers (N,) of a column, ``missing`` where there are none.

    Raises:
        ValueError: it holds something else.
    """
    if name not in table.columns:
        return np.full(len(table), missing, np.int64)
    try:
        column = table[name].astype("Int64")
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"column {name} must hold whole numbers: {error}") from error
    return np.asarray(column.to_numpy(np.int64, na_value=missing), np.int64)


def timestamps(table: pd.DataFrame) -> NDArray[np.float64]:
    """Seconds (N,), NaN where unknown.

    Raises:
        ValueError: the column holds something else, or infinity.
    """
    if "timestamp" not in table.columns:
        return np.full(len(table), np.nan)
    try:
        seconds = pd.to_numeric(table["timestamp"]).to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ValueError(f"column timestamp must hold seconds: {error}") from error
    if np.isinf(seconds).any():
        raise ValueError("column timestamp must hold finite seconds, came infinity")
    return np.asarray(seconds, np.float64)


def row_paths(table: pd.DataFrame) -> list[str]:
    """N paths, with ``#frame=1&box=2`` where these are known; empty for no path.

    Raises:
        ValueError: a frame or a box is no whole number.
    """
    if "path" not in table.columns:
        return [""] * len(table)
    paths = ["" if is_missing(path) else str(path) for path in table["path"]]
    parts = [name for name in ("frame", "box") if name in table.columns]
    if not parts:
        return paths
    known = {name: whole_numbers(table, name, -1).tolist() for name in parts}
    ends = [
        "&".join(f"{name}={known[name][row]}" for name in parts if known[name][row] >= 0)
        for row in range(len(table))
    ]
    return [
        f"{path}#{end}" if path and end else path for path, end in zip(paths, ends, strict=True)
    ]


def attribute_texts(table: pd.DataFrame) -> list[str]:
    """Attributes of each row as JSON, keys in order.

    Raises:
        ValueError: they are no mapping, or no plain JSON.
    """
    if "attributes" not in table.columns:
        return ["{}"] * len(table)
    texts = []
    for row, own in enumerate(mappings(table)):
        try:
            texts.append(json.dumps(own, sort_keys=True, allow_nan=False))
        except (TypeError, ValueError) as error:
            raise ValueError(f"attributes of row {row} are no plain JSON: {error}") from error
    return texts


def mappings(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """The attributes of each row, as a new dictionary.

    Raises:
        ValueError: those of a row are no mapping, nor the JSON of one.
    """
    given = table["attributes"] if "attributes" in table.columns else [None] * len(table)
    for row, value in enumerate(given):
        own = {} if is_missing(value) else value
        if isinstance(own, str):  # as an embeddings folder keeps them
            own = _parsed(own, row)
        if not isinstance(own, Mapping):
            raise ValueError(f"attributes must be a mapping for every row, row {row} has {own!r}")
        yield dict(own)


def _parsed(text: str, row: int) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(f"attributes of row {row} are no JSON: {error}") from error


def pictures(table: pd.DataFrame) -> list[bytes | None]:
    """N encoded pictures, None where there is none.

    Raises:
        ValueError: a picture is not encoded bytes.
    """
    if "image" not in table.columns:
        return [None] * len(table)
    images: list[bytes | None] = [None if is_missing(value) else value for value in table["image"]]
    for row, image in enumerate(images):
        if image is not None and not isinstance(image, bytes):
            raise ValueError(f"image must be encoded bytes, row {row} has {type(image).__name__}")
    return images


def is_missing(value: object) -> bool:
    """Whether a cell of a table is empty: None, NaN or pandas' NA."""
    return value is None or value is pd.NA or (isinstance(value, float) and value != value)
