"""Who is male and who is female, by the identities as a layout numbers them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from .contents import csv_file
from .truth import TRUTH

if TYPE_CHECKING:
    from ..plan import Shot
    from ..studio import Studio

__all__ = ["GENDERS", "gender_file"]

GENDERS = "genders.csv"
"""The table's name; ``reid-data genders`` and recipes with genders read it."""

_HEADER = ("Category", "ID", "Gender")


def gender_file(
    root: Path, reader: str, images: Iterable[tuple[str, Shot]], studio: Studio
) -> bytes:
    """``Category,ID,Gender`` with 1 for male, a row for each identity of training and queries.

    What was written is read again, because only its reader knows how a layout numbers people.

    Args:
        root: the folder, complete.
        reader: the data set that reads it; empty or ``csv`` for the table of what was drawn.
        images: what was drawn where.
        studio: knows who everybody is.
    """
    from reid_data.datasets import load_dataset

    own = reader not in ("", "csv")
    records = load_dataset(reader, root) if own else load_dataset("csv", root / TRUTH)
    table = records.table.assign(file=[str(path.resolve()) for path in records.paths])
    table = table[table["split"].isin(("train", "query"))].drop_duplicates("pid")
    drawn = {str((root / path).resolve()): shot.pid for path, shot in images}
    rows: list[tuple[object, ...]] = [_HEADER]
    for split, pid, file in table[["split", "pid", "file"]].sort_values("pid").to_numpy().tolist():
        person = studio.person(drawn[file])
        rows.append((split, f"{pid:03d}", int(not person.body.female)))
    return csv_file(rows)
