"""Lists in text that give a file's name and numbers: ``0000001.jpg 17 3`` a line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from reid_data.datasets.listing import read_lines

__all__ = ["read_name_list"]

_NUMBER = re.compile(r"-?\d{1,18}", re.ASCII)


def read_name_list(
    path: Path, numbers: Sequence[str], *, separator: str | None = None, extra: bool = False
) -> tuple[list[str], list[list[int]]]:
    """Read a list whose lines are a name and whole numbers; empty lines are passed over.

    Args:
        path: the list.
        numbers: what the numbers are, in order, for messages.
        separator: what stands between them; any white space by default.
        extra: lines may go on after the numbers.

    Returns:
        The names, and for each of `numbers` the numbers of all lines.

    Raises:
        ValueError: the list is missing or empty, or a line does not fit; the message names the
            line.
    """
    names: list[str] = []
    columns: list[list[int]] = [[] for _ in numbers]
    for line, text in read_lines(path):
        name, *rest = (part.strip() for part in text.split(separator))
        values = rest[: len(numbers)] if extra else rest
        fits = len(values) == len(numbers) and all(map(_NUMBER.fullmatch, values))
        if not (name and fits):
            raise ValueError(
                f"{path}, line {line}: expected a file name and {', '.join(numbers)}, came {text!r}"
            )
        names.append(name)
        for column, value in zip(columns, values, strict=True):
            column.append(int(value))
    if not names:
        raise ValueError(f"{path} is empty; expected lines of a file name, {', '.join(numbers)}")
    return names, columns
