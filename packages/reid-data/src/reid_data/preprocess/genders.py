"""Gender tables: ``Category,ID,Gender``, one row an identity, 1 for male.

Published for LTCC, PRCC, Celeb-reID (with a blank line at its end), DeepChange (whose ids read
``p0003``), LaST and Market-1501 (whose ids are training labels 0 .. 750 rather than pids).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from reid_data.preprocess.published import RawTable, Style, read_raw, write_raw
from reid_data.records import Ids, Records

__all__ = [
    "FEMALE",
    "HEADER",
    "MALE",
    "UNKNOWN",
    "GenderTable",
    "gender_table",
    "genders_of",
    "read_genders",
    "write_genders",
]

HEADER = ("Category", "ID", "Gender")
_STYLE = Style(HEADER)
FEMALE, MALE, UNKNOWN = 0, 1, -1
_ID = re.compile(r"[pP]?(-?\d{1,18})", re.ASCII)

Numbering = Literal["pid", "label"]
"""What an id of the table is: the data set's own number, or the label 0 .. C-1 of its order."""


@dataclass(frozen=True, eq=False)
class GenderTable:
    """Who is male and who is female, as published.

    Attributes:
        categories: ``train``, ``query``, ... ``(N,)``.
        ids: identities as they are spelled, for example ``000`` or ``p0003``, ``(N,)``.
        genders: 1 for male, 0 for female, ``(N,)`` int64.
        style: how the file was written.
    """

    categories: tuple[str, ...]
    ids: tuple[str, ...]
    genders: Ids
    style: Style = _STYLE

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def numbers(self) -> Ids:
        """The ids as numbers, ``(N,)``."""
        return np.array([_number(name) for name in self.ids], dtype=np.int64)


def read_genders(path: Path | str) -> GenderTable:
    """Read a gender table, with or without its header.

    Raises:
        ValueError: the file is missing or malformed, an id is no number, a gender is neither 0 nor
            1, or one identity has two genders; the message names the line.
    """
    raw = read_raw(path, headers=[HEADER], columns=3)
    for line, (_, name, gender) in zip(raw.lines, raw.rows, strict=True):
        if _ID.fullmatch(name) is None:
            raise ValueError(
                f"{path}, line {line}: expected an id like 000 or p0003, came {name!r}"
            )
        if gender not in ("0", "1", "0.0", "1.0"):
            raise ValueError(f"{path}, line {line}: gender must be 0 or 1 (male), came {gender!r}")
    _check_consistent(path, raw)
    return GenderTable(
        tuple(row[0] for row in raw.rows),
        tuple(row[1] for row in raw.rows),
        np.array([int(float(row[2])) for row in raw.rows], dtype=np.int64),
        raw.style,
    )


def write_genders(table: GenderTable, path: Path | str) -> None:
    """Write a gender table in its style; one that was read comes out in the same bytes."""
    rows = zip(table.categories, table.ids, map(str, table.genders.tolist()), strict=True)
    write_raw(path, rows, style=table.style)


def gender_table(
    pids: Ids, genders: Ids, *, category: str, digits: int = 3, prefix: str = ""
) -> GenderTable:
    """Make a table from one gender an identity.

    Args:
        pids: identities, ``(N,)``, each once.
        genders: 1 for male, 0 for female, ``(N,)``; rows of `UNKNOWN` are left out.
        category: what the first column says.
        digits: to how many an id is filled with zeros.
        prefix: what an id begins with, for example ``p``.

    Raises:
        ValueError: an identity occurs twice.

    Examples:
        >>> gender_table(np.array([7, 12]), np.array([1, 0]), category="train").ids
        ('007', '012')
    """
    if len(np.unique(pids)) != len(pids):
        raise ValueError("expected one gender an identity; an identity occurs twice")
    known = np.flatnonzero(genders != UNKNOWN)
    return GenderTable(
        (category,) * len(known),
        tuple(f"{prefix}{pid:0{digits}d}" for pid in pids[known].tolist()),
        np.asarray(genders, dtype=np.int64)[known],
    )


def genders_of(records: Records, table: GenderTable, *, numbering: Numbering = "pid") -> Ids:
    """The gender of each record, ``(N,)``: 1 male, 0 female, -1 where the table does not say.

    Args:
        records: whose genders.
        table: one row an identity; the categories are not looked at, for a pid is one person
            wherever it occurs.
        numbering: ``label`` where the table counts identities 0 .. C-1 in the order of their pids,
            as the published table of Market-1501 does; give the training split then.
    """
    numbers = records.pids if numbering == "pid" else records.relabel().labels
    known = pd.Series(table.genders, index=table.numbers)
    known = known[~known.index.duplicated()]
    return known.reindex(numbers).fillna(UNKNOWN).to_numpy(dtype=np.int64)


def _check_consistent(path: Path | str, raw: RawTable) -> None:
    seen: dict[int, str] = {}
    for line, (_, name, gender) in zip(raw.lines, raw.rows, strict=True):
        if seen.setdefault(_number(name), gender[0]) != gender[0]:
            raise ValueError(f"{path}, line {line}: identity {name} has two genders; keep one")


def _number(name: str) -> int:
    match = _ID.fullmatch(name)
    if match is None:
        raise ValueError(f"expected an id like 000 or p0003, came {name!r}")
    return int(match[1])
