"""Several tables of records as one, in which nobody and nothing has the same number twice."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, count

import numpy as np
import pandas as pd

__all__ = ["JOINED_IDS", "join_tables", "unique_names"]

JOINED_IDS = ("pid", "camid", "clothes_id", "tracklet")
"""The columns whose numbers are given anew, so that two parts have none in common."""


def join_tables(tables: Sequence[pd.DataFrame], *, names: Sequence[str]) -> pd.DataFrame:
    """Put checked tables below each other, with disjoint ids.

    Each of `JOINED_IDS` counts from 0 through all parts in their order, by ascending number within
    a part. Negative and missing numbers, which mean nobody and unknown, stay. What a row was called
    before stands in ``part`` (the name) and ``part_pid``, ``part_camid``, ``part_clothes_id`` and
    ``part_tracklet``. A part that was joined before keeps these, its name put before theirs.
    Training labels are left out: number the people anew.

    Args:
        tables: as `reid_data.columns.check_table` gives them, with paths below one folder.
        names: of the parts, each once.
    """
    counted = dict.fromkeys(JOINED_IDS, 0)
    parts = []
    for name, table in zip(names, tables, strict=True):
        part = _gaps_allowed(table.drop(columns="label", errors="ignore"))
        inner = f"{name}/" + table["part"] if "part" in table else name
        part = part.assign(part=inner)
        for column in JOINED_IDS:
            if column not in table:
                continue
            if f"part_{column}" not in table:
                part[f"part_{column}"] = part[column]
            part[column], fresh = _numbered(part[column], start=counted[column])
            counted[column] += fresh
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def unique_names(names: Sequence[str]) -> list[str]:
    """The names, with ``-2``, ``-3`` ... after those that came before.

    Examples:
        >>> unique_names(["market1501", "ltcc", "market1501"])
        ['market1501', 'ltcc', 'market1501-2']
    """
    unique: list[str] = []
    for name in names:
        numbers = (f"{name}-{number}" for number in count(2))
        unique.append(next(each for each in chain([name], numbers) if each not in unique))
    return unique


def _numbered(ids: pd.Series[int], *, start: int) -> tuple[pd.Series[int], int]:
    known = (ids.notna() & (ids >= 0)).to_numpy(dtype=bool, na_value=False)
    values, ranks = np.unique(ids[known].to_numpy(dtype=np.int64), return_inverse=True)
    numbered = ids.copy()
    numbered[known] = ranks.reshape(-1) + start
    return numbered, len(values)


def _gaps_allowed(table: pd.DataFrame) -> pd.DataFrame:
    """Whole numbers in a type that survives gaps, where another part lacks the column."""
    whole = [name for name in table if pd.api.types.is_integer_dtype(table[name])]
    return table.astype(dict.fromkeys(whole, "Int64"))
