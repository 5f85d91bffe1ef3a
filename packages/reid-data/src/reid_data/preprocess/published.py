"""Published CSV tables: small, hand-made, and each with habits of its own that writing must keep.

Blank lines in the middle or at the end, other line ends, a byte order mark, no header or one that
is spelled differently: reading forgives them, and keeps them beside the rows so that writing gives
the same bytes again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reid_data.files import replacing

__all__ = ["RawTable", "Style", "read_names", "read_raw", "write_names", "write_raw"]

_MARK = "\ufeff"


@dataclass(frozen=True)
class Style:
    """How a table was written, apart from its rows.

    Attributes:
        header: the first line's cells as they were; None for a table without a header.
        newline: what ends a line.
        blank_lines: numbers (from 0) and texts of the lines that hold nothing.
        ends: the last line is ended as well.
        mark: the file begins with a byte order mark.
    """

    header: tuple[str, ...] | None = None
    newline: str = "\n"
    blank_lines: tuple[tuple[int, str], ...] = ()
    ends: bool = True
    mark: bool = False


@dataclass(frozen=True)
class RawTable:
    """Cells without the blanks around them, and how they were written.

    Attributes:
        rows: the cells of each line that is not blank, without the header.
        lines: the number of each row's line in the file, from 1, for messages.
        style: everything else.
    """

    rows: list[list[str]]
    lines: list[int]
    style: Style


def read_raw(
    path: Path | str, *, headers: Sequence[Sequence[str]], columns: int | None = None
) -> RawTable:
    """Read a published table.

    Args:
        path: the file, UTF-8.
        headers: how the header may begin; case and blanks do not matter. A first line that begins
            like none of them is a row.
        columns: how many cells each row must have; None allows any number.

    Raises:
        ValueError: the file is missing, is no UTF-8 text or no CSV, or a row has another number of
            cells; the message names the line.
    """
    place = Path(path)
    text = _text(place)
    newline = next((end for end in ("\r\n", "\n", "\r") if end in text), "\n")
    lines = text.removeprefix(_MARK).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    ends = not lines[-1]
    if ends:
        lines.pop()
    blank = {number: line for number, line in enumerate(lines) if not line.strip(" \t,")}
    kept = [number for number in range(len(lines)) if number not in blank]
    try:
        cells = list(csv.reader((lines[number] for number in kept), strict=True))
    except csv.Error as error:
        raise ValueError(f"{place} is not a CSV table: {error}") from error
    if len(cells) != len(kept):
        raise ValueError(f"{place} holds a cell of several lines; expected one row a line")
    header = _header(cells, headers)
    rows = [[cell.strip() for cell in row] for row in cells[header is not None :]]
    numbers = [number + 1 for number in kept[header is not None :]]
    for number, row in zip(numbers, rows, strict=True):
        if columns is not None and len(row) != columns:
            raise ValueError(
                f"{place}, line {number}: expected {columns} cells, came {len(row)}: "
                f"{','.join(row)}"
            )
    style = Style(header, newline, tuple(blank.items()), ends, text.startswith(_MARK))
    return RawTable(rows, numbers, style)


def write_raw(path: Path | str, rows: Iterable[Sequence[str]], *, style: Style) -> None:
    """Write rows in a style; what `read_raw` read is written in the same bytes.

    Cells with blanks around them come back without.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    lines = [] if style.header is None else [style.header]
    for row in (*lines, *rows):
        writer.writerow(row)
    written = buffer.getvalue().split("\n")[:-1]
    for number, blank in style.blank_lines:
        written.insert(number, blank)
    text = style.newline.join(written) + (style.newline if style.ends and written else "")
    with replacing(Path(path)) as temporary:
        temporary.write_bytes(((_MARK if style.mark else "") + text).encode())


def read_names(path: Path | str, *, header: str | None = None) -> tuple[str, ...]:
    """Read a list of image names or paths, one a line (faulty silhouettes, subsets).

    Args:
        path: the file.
        header: a first line that is not a name, where the list may have one.

    Raises:
        ValueError: the file is missing or no list.

    Examples:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "faulty.csv"
        >>> write_names(file, ["108_C_cropped_rgb001", "108_C_cropped_rgb002"])
        >>> read_names(file)
        ('108_C_cropped_rgb001', '108_C_cropped_rgb002')
    """
    table = read_raw(path, headers=[] if header is None else [[header]], columns=1)
    return tuple(row[0] for row in table.rows)


def write_names(path: Path | str, names: Iterable[str], *, header: str | None = None) -> None:
    """Write a list of names, one a line, with or without a header."""
    style = Style(None if header is None else (header,))
    write_raw(path, ([name] for name in names), style=style)


def _header(
    cells: Sequence[Sequence[str]], headers: Sequence[Sequence[str]]
) -> tuple[str, ...] | None:
    def plain(names: Sequence[str]) -> list[str]:
        return [name.strip().lower() for name in names]

    first = plain(cells[0]) if cells else []
    known = any(first[: len(header)] == plain(header) for header in headers)
    return tuple(cells[0]) if first and known else None


def _text(path: Path) -> str:
    if not path.is_file():
        raise ValueError(f"expected a table at {path}; there is no such file")
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text ({error}); convert it first") from error
