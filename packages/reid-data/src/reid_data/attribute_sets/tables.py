"""Yes and no in the cells of tables that people made."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from reid_data.attributes import UNKNOWN, Values

__all__ = ["yes_or_no"]

_CELL = re.compile(r"([+-]?\d)(?:\.0*)?", re.ASCII)
_MEANINGS = {"0": 0, "1": 1, "2": UNKNOWN, "-1": UNKNOWN, "+1": 1}


def yes_or_no(
    rows: Sequence[Sequence[str]], *, names: Sequence[str], lines: Sequence[int], blank: int | None
) -> Values:
    """Cells as attribute values: 1, 0, or -1 for unknown (which is 2 in some tables).

    Args:
        rows: the cells; white space around them does not count.
        names: of the columns, for messages.
        lines: number of each row's line, for messages.
        blank: what an empty cell means; None refuses it.

    Raises:
        ValueError: a row has too few or too many cells, or a cell says something else.
    """
    values = np.zeros((len(rows), len(names)), dtype=np.int8)
    for at, (cells, line) in enumerate(zip(rows, lines, strict=True)):
        if len(cells) != len(names):
            raise ValueError(f"line {line}: expected {len(names)} attributes, came {len(cells)}")
        for column, cell in enumerate(cells):
            text = cell.strip()
            match = _CELL.fullmatch(text)
            meaning = blank if not text else _MEANINGS.get(match[1]) if match else None
            if meaning is None:
                raise ValueError(f"line {line}: {names[column]} must be 0 or 1, came {cell!r:.60}")
            values[at, column] = meaning
    return values
