"""Queries of a retrieval: in words, as numbers, from a CSV file, or all that a data set has."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reid_attr.description import parse_description
from reid_attr.schema import Schema

__all__ = ["Queries", "every_query", "parse_query", "read_queries"]

_CELLS = {"1": 1, "0": 0, "1.0": 1, "0.0": 0, "-1": -1, "?": -1, "": -1}


@dataclass(frozen=True, eq=False)
class Queries:
    """Descriptions of who is looked for.

    Attributes:
        names: ``Q`` of them, for people.
        values: ``(Q, K)``: 1 must hold, 0 must not, -1 does not matter.
    """

    names: tuple[str, ...]
    values: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.names)


def parse_query(text: str, schema: Schema) -> Queries:
    """A description in words, or a vector of K values separated by commas.

    The values are 1, 0 and ``?`` (or -1), which does not matter.

    Raises:
        ValueError: the words cannot be read (see `parse_description`), or there are not K values.

    Examples:
        >>> from reid_attr import Group
        >>> schema = Schema("tiny", (Group("gender", ("female",)), Group("hat", ("hat", "cap"))))
        >>> parse_query("female, not hat", schema).values.tolist()
        [[1, 0, -1]]
        >>> parse_query("1, 0, ?", schema).values.tolist()
        [[1, 0, -1]]
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(_is_number(part) for part in parts):
        return Queries((text,), parse_description(text, schema).values[None])
    if len(parts) != len(schema):
        raise ValueError(
            f"a query in numbers needs {len(schema)} of them, one an attribute of schema "
            f"{schema.name}; came {len(parts)}"
        )
    return _checked(("query",), [parts], "the query")


def read_queries(path: Path | str, schema: Schema) -> Queries:
    """Queries from a CSV file, a row each.

    With a header its columns are attributes of the schema in any order (those that are lacking do
    not matter), and perhaps a first column with the name of the query; UPAR's marks such as
    ``# query`` are read over. Without a header each row has K values. Cells are 1, 0, or -1 (also
    ``?`` or empty) for what does not matter.

    Raises:
        ValueError: the file is missing or empty, has unknown columns (all are listed, with the
            nearest attribute), or a cell or row that cannot be read.
    """
    place = Path(path)
    try:
        with place.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"queries {place} cannot be read: {error}") from error
    if not rows:
        raise ValueError(f"{place} is empty; expected a header with attributes and a row a query")
    header = [cell.strip().lstrip("#").strip() for cell in rows[0]]
    if all(_is_number(cell) for cell in header):
        return _without_header(rows, schema, place)
    named = header[0].casefold() not in {name.casefold() for name in schema.names}
    columns = _columns(header[1:] if named else header, schema, place)
    if len(rows) == 1:
        raise ValueError(f"{place} has a header and no query")
    texts = [["-1"] * len(schema) for _ in rows[1:]]
    for text, row in zip(texts, rows[1:], strict=True):
        cells = row[1:] if named else row
        if len(cells) != len(columns):
            raise ValueError(f"{place} has {len(header)} columns, but a row of {len(row)} cells")
        for column, cell in zip(columns, cells, strict=True):
            text[column] = cell.strip()
    names = [row[0].strip() if named else "" for row in rows[1:]]
    return _checked(
        tuple(name or f"query {at}" for at, name in enumerate(names, 1)), texts, str(place)
    )


def every_query(values: ArrayLike) -> Queries:
    """Each combination that some image has, as in the UPAR challenge; unknown does not matter.

    Args:
        values: truth ``(N, K)``: 1, 0 or -1 for unknown.
    """
    rows = np.asarray(values, np.int8)
    kept = np.unique(rows[(rows >= 0).any(axis=1)], axis=0)
    return Queries(tuple(f"combination {at}" for at in range(1, len(kept) + 1)), kept)


def _without_header(rows: list[list[str]], schema: Schema, place: Path) -> Queries:
    for row in rows:
        if len(row) != len(schema):
            raise ValueError(
                f"{place} has no header, so each row needs {len(schema)} numbers; one has "
                f"{len(row)}"
            )
    names = tuple(f"query {at}" for at in range(1, len(rows) + 1))
    return _checked(names, [[cell.strip() for cell in row] for row in rows], str(place))


def _columns(header: list[str], schema: Schema, place: Path) -> list[int]:
    found, problems = [], []
    for name in header:
        try:
            found.append(schema.column(name))
        except ValueError as error:
            problems.append(str(error).partition(" There are:")[0])
    if problems:
        raise ValueError(f"{place}: {'; '.join(problems)}")
    if len(set(found)) < len(found):
        raise ValueError(f"{place} has an attribute twice")
    return found


def _checked(names: tuple[str, ...], texts: list[list[str]], what: str) -> Queries:
    for row in texts:
        for cell in row:
            if cell not in _CELLS:
                raise ValueError(f"{what}: a value must be 1, 0 or -1, came {cell!r}")
    values = np.array([[_CELLS[cell] for cell in row] for row in texts], dtype=np.int8)
    silent = (values < 0).all(axis=1)
    if silent.any():
        raise ValueError(f"{what}: {names[int(silent.argmax())]} asks for nothing")
    return Queries(names, values)


def _is_number(text: str) -> bool:
    if text == "?":
        return True
    try:
        float(text)
    except ValueError:
        return False
    return True
