"""The content of files beside the images, as bytes: lists, tables, JSON, MATLAB's format."""

from __future__ import annotations

import csv
import io
import json
import pickle
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from reid_data.console import require

__all__ = [
    "cells",
    "csv_file",
    "json_file",
    "mat_file",
    "pickle_file",
    "read_with",
    "spreadsheet",
    "text_file",
]

_DATE = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def read_with(attributes: str) -> str:
    """What to tell people who wrote a table of attributes; ``{out}`` is the root."""
    return (
        f"read the attributes with: --data {attributes} --root {{out}}; "
        "the images with: --data csv --root {out}/records.csv"
    )


def text_file(lines: Iterable[str], *, end: str = "\n", tail: str = "") -> bytes:
    """A list with an item a line; `tail` follows the last line's end, for trailing blank lines."""
    return ("".join(f"{line}{end}" for line in lines) + tail).encode()


def json_file(value: Any) -> bytes:
    """JSON on one line."""
    return json.dumps(value).encode()


def csv_file(rows: Iterable[Sequence[Any]], *, mark: bool = False) -> bytes:
    """A table with commas; with `mark` it begins with a byte order mark, as spreadsheets write."""
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue().encode("utf-8-sig" if mark else "utf-8")


def mat_file(variables: Mapping[str, Any]) -> bytes:
    """A MATLAB file of version 5."""
    stream = io.BytesIO()
    import_module("scipy.io").savemat(stream, dict(variables))
    data = bytearray(stream.getvalue())
    # The header tells the time of writing; the same arguments shall write the same bytes.
    data[:116] = b"MATLAB 5.0 MAT-file, synthetic people".ljust(116)
    return bytes(data)


def cells(values: Sequence[Any]) -> npt.NDArray[np.object_]:
    """A column of cells ``(N, 1)``, as MATLAB's lists of texts are."""
    column = np.empty((len(values), 1), dtype=object)
    for row, value in enumerate(values):
        column[row, 0] = value
    return column


def pickle_file(value: Any) -> bytes:
    """A pickle of plain containers and arrays."""
    return pickle.dumps(value, protocol=2)


def spreadsheet(rows: Iterable[Sequence[Any]]) -> bytes:
    """A spreadsheet ``.xlsx`` with one sheet.

    Raises:
        MissingExtraError: openpyxl is not installed.
    """
    require("openpyxl", extra="reid-data[spreadsheet]", for_what="writing a spreadsheet")
    book = import_module("openpyxl").Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")
    for row in rows:
        sheet.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return _without_dates(stream.getvalue())


def _without_dates(archive: bytes) -> bytes:
    """The same archive as if written at the beginning of its format's time."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as dated,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as plain,
    ):
        for name in dated.namelist():
            content = _DATE.sub(b"1980-01-01T00:00:00Z", dated.read(name))
            plain.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()
