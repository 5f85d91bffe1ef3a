"""What a table of records must look like, checked once so that nobody checks again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

__all__ = ["REQUIRED_COLUMNS", "SPLITS", "check_table"]

SPLITS = ("train", "val", "query", "gallery", "distractor", "junk")
"""The values that a split may have, in the order in which tables list them."""

REQUIRED_COLUMNS = ("path", "pid", "split")
"""The columns without which a table is not a table of records."""

_NULLABLE_INTEGERS = ("camid", "clothes_id", "tracklet", "frame", "sequence", "box")

# Relative, forward slashes, and nothing that climbs out of the root folder.
_RELATIVE_POSIX = r"(?!/)(?!.*\\)(?!(?:.*/)?\.\.(?:/|\Z))[^\x00]+\Z"


def check_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a checked copy of a table of records, in canonical types.

    ``path`` and ``split`` hold strings, ``pid`` (and ``label``, where it exists) ``int64``;
    ``camid``, ``clothes_id``, ``tracklet``, ``frame``, ``sequence`` and ``box`` nullable ``Int64``;
    ``timestamp`` ``float64`` seconds with NaN for unknown. A missing ``camid`` column becomes one
    of unknown cameras. Further columns pass through untouched.

    Args:
        table: one row an image, with at least the columns of `REQUIRED_COLUMNS`.

    Raises:
        ValueError: a column is missing or of the wrong type, a number is not finite, a split is
            unknown, or a path is absolute or occurs twice in one split.
    """
    _require_columns(table)
    checked = table.reset_index(drop=True).copy()
    if "camid" not in checked:
        checked.insert(2, "camid", pd.Series(pd.NA, index=checked.index, dtype="Int64"))
    _check_paths(checked["path"])
    _check_splits(checked["split"])
    for name in ("pid", "label"):
        if name in checked:
            checked[name] = _integers(checked[name], nullable=False).astype("int64")
    for name in _NULLABLE_INTEGERS:
        if name in checked:
            checked[name] = _integers(checked[name], nullable=True)
    if "timestamp" in checked:
        checked["timestamp"] = _seconds(checked["timestamp"])
    if (checked["camid"] < 0).any():
        raise ValueError("camid must be 0 or more, came a negative one; leave unknown ones empty")
    _check_duplicates(checked)
    return checked


def _require_columns(table: pd.DataFrame) -> None:
    missing = [name for name in REQUIRED_COLUMNS if name not in table]
    if missing:
        found = ", ".join(map(str, table.columns)) or "none"
        raise ValueError(
            f"records need the columns {', '.join(REQUIRED_COLUMNS)}; "
            f"missing: {', '.join(missing)}; found: {found}; add or rename them"
        )


def _check_paths(paths: pd.Series[Any]) -> None:
    _require_strings(paths)
    wrong = ~paths.str.match(_RELATIVE_POSIX)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            "path must be relative to the root folder, with forward slashes and without '..'; "
            f"came {paths.iloc[row]!r} in row {row}"
        )


def _check_splits(splits: pd.Series[Any]) -> None:
    _require_strings(splits)
    unknown = sorted(set(splits.unique()) - set(SPLITS))
    if unknown:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}; came {', '.join(unknown)}")


def _require_strings(values: pd.Series[Any]) -> None:
    kind = pd.api.types.infer_dtype(values, skipna=False)
    if len(values) and (kind != "string" or values.isna().any()):
        raise ValueError(f"column {values.name} must hold strings without gaps, came {kind}")


def _check_duplicates(table: pd.DataFrame) -> None:
    repeated = table.duplicated(["split", "path"])
    if repeated.any():
        first = table.iloc[int(repeated.to_numpy().argmax())]
        raise ValueError(
            f"a path may occur only once in a split; {int(repeated.sum())} rows repeat one, first "
            f"{first['path']!r} in split {first['split']}; drop the repeated rows"
        )


def _integers(values: pd.Series[Any], *, nullable: bool) -> pd.Series[Any]:
    if values.isna().all() and nullable:
        return pd.Series(pd.NA, index=values.index, dtype="Int64")
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if len(values) and kind not in ("integer", "floating", "mixed-integer-float", "integer-na"):
        raise ValueError(f"column {values.name} must hold integers, came {kind}")
    if not nullable and values.isna().any():
        row = int(np.flatnonzero(values.isna())[0])
        raise ValueError(
            f"column {values.name} must hold an integer in each row; row {row} is empty"
        )
    if kind != "integer":
        numbers = values.to_numpy(dtype="float64", na_value=np.nan)
        wrong = ~np.isnan(numbers) & (numbers != np.rint(numbers))
        wrong |= np.isinf(numbers)
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise ValueError(
                f"column {values.name} must hold integers; came {numbers[row]} in row {row}"
            )
    try:
        return values.astype("Int64")
    except (OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"column {values.name} must hold 64-bit integers ({error})") from error


def _seconds(values: pd.Series[Any]) -> pd.Series[Any]:
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        raise ValueError(f"column timestamp must hold seconds as numbers, came {values.dtype}")
    seconds = values.astype("float64")
    if np.isinf(seconds.to_numpy()).any():
        raise ValueError("column timestamp must hold finite seconds, came infinity")
    return seconds
