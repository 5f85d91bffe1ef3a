"""NATIVE: people at a university in Tehran, with attributes that other sets do not have.

The spreadsheet ``refined_Native_dataset.xlsx`` has a row an image: its name without an ending
(``c1_v2_13_000123``: camera, video, tube, frame), 46 columns of yes (1) and no (blank, sometimes a
cell of white space), and ``Quality`` (high, normal, low). Published systems trained 37 of the 46;
all of them are read, `select` with `trained_names` gives the 37. Research only, no redistribution.

Rows of one tube are one person, so a fair test keeps tubes together: they are in the note ``tube``.

The spreadsheet is read by openpyxl (extra ``spreadsheet``); saved as CSV it is read without.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from reid_data.attribute_sets.mat_tables import reading
from reid_data.attribute_sets.registry import (
    AttributeSetInfo,
    named_file,
    register_attributes,
)
from reid_data.attribute_sets.tables import yes_or_no
from reid_data.attributes import Attributes
from reid_data.console import require

__all__ = ["NEVER_TRAINED", "NativeName", "parse_native_name", "read_native", "trained_names"]

NEVER_TRAINED = (
    *("Jeans", "Chador", "Manto", "Shawl", "Maghnae", "Roosari", "Plaid", "Stripped", "Mask"),
)
"""The nine columns that published systems left out."""

_FILE = "refined_Native_dataset"
_NAME = re.compile(
    r"c(?P<camid>\d{1,9})_v(?P<video>\d{1,9})_(?P<tube>\d{1,9})_(?P<frame>\d{1,18})",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True)
class NativeName:
    """What an image's name says: camera, video, tube (one person's walk) and frame."""

    camid: int
    video: int
    tube: int
    frame: int


def parse_native_name(name: str) -> NativeName:
    """Read a name such as ``c1_v2_13_000123``.

    Raises:
        ValueError: it does not fit.

    Examples:
        >>> parse_native_name("c1_v2_13_000123")
        NativeName(camid=1, video=2, tube=13, frame=123)
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"expected a name like c1_v2_13_000123, came {name!r:.80}")
    return NativeName(**{field: int(text) for field, text in match.groupdict().items()})


@register_attributes(
    AttributeSetInfo(
        name="native",
        licence="research only, no redistribution",
        attributes=46,
        rows={"all": 1785},
        note="--root is the spreadsheet or its CSV form, or the folder that holds it",
    )
)
def read_native(path: Path) -> Attributes:
    """Read the spreadsheet, or its CSV form (see the module); keys are names without ending.

    Args:
        path: the file, or the folder with ``refined_Native_dataset.xlsx`` (or ``.csv``).

    Returns:
        All attributes in the order of the columns, without slashes around their names, and the
        notes ``quality`` and ``tube`` (``c1_v2_13``).

    Raises:
        ValueError: the file is missing or of another form.
        MissingExtraError: it is a spreadsheet, and openpyxl is not installed.
    """
    path = named_file(path, f"{_FILE}.xlsx", f"{_FILE}.csv")
    with reading(path):
        header, rows, lines = _split(_cells(path))
        places = {name.lower(): at for at, name in enumerate(header)}
        if "id" not in places or "quality" not in places or len(header) < 3:
            raise ValueError(
                f"expected columns ID, attributes and Quality; found: {', '.join(header)}"
            )
        identity, quality = places["id"], places["quality"]
        columns = [at for at in range(len(header)) if at not in (identity, quality)]
        names = [header[at] for at in columns]
        values = yes_or_no(
            [[row[at] for at in columns] for row in rows], names=names, lines=lines, blank=0
        )
        keys = tuple(row[identity] for row in rows)
        tubes = tuple(_tube(key, line) for key, line in zip(keys, lines, strict=True))
        notes = {"quality": tuple(row[quality].lower() for row in rows), "tube": tubes}
        return Attributes(tuple(names), values, keys, key="stem", notes=notes)


def trained_names(attributes: Attributes) -> list[str]:
    """The names without the nine of `NEVER_TRAINED`, in their order."""
    never = {name.lower() for name in NEVER_TRAINED}
    return [name for name in attributes.names if name.lower() not in never]


def _tube(name: str, line: int) -> str:
    try:
        meaning = parse_native_name(name)
    except ValueError as error:
        raise ValueError(f"line {line}: {error}") from None
    return f"c{meaning.camid}_v{meaning.video}_{meaning.tube}"


def _split(
    lines: Iterable[Sequence[str]],
) -> tuple[list[str], list[list[str]], list[int]]:
    """Header, rows as long as it, and their line numbers; columns without a name are dropped."""
    numbered = [(at, row) for at, row in enumerate(lines, 1) if any(cell.strip() for cell in row)]
    if not numbered:
        raise ValueError("empty; expected a header and a row an image")
    names = [cell.strip().strip("/").strip() for cell in numbered[0][1]]
    kept = [at for at, name in enumerate(names) if name]
    rows = [[row[at].strip() if at < len(row) else "" for at in kept] for _, row in numbered[1:]]
    return [names[at] for at in kept], rows, [at for at, _ in numbered[1:]]


def _cells(path: Path) -> list[list[str]]:
    if not path.is_file():
        raise ValueError("there is no such file")
    if path.suffix.lower() == ".csv":
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                return list(csv.reader(file))
        except (UnicodeDecodeError, csv.Error) as error:
            raise ValueError(f"not a readable CSV table ({error})") from error
    require("openpyxl", extra="reid-data[spreadsheet]", for_what="reading a spreadsheet")
    try:
        book = import_module("openpyxl").load_workbook(path, read_only=True, data_only=True)
        rows = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
        book.close()
    # Broken archives and XML fail wherever the parser happens to be.
    except Exception as error:
        raise ValueError(f"not a readable spreadsheet ({error!r:.200})") from error
    return [["" if cell is None else str(cell) for cell in row] for row in rows]
