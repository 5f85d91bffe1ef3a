"""A generated set: a folder of images, ``manifest.jsonl`` and ``records.csv``.

The manifest says of each image where it comes from; the records are the same set as a data set,
``--data csv --root FOLDER/records.csv``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from reid_data.files import replacing
from reid_data.records import Records

__all__ = ["MANIFEST", "RECORDS", "as_records", "read_manifest", "write_manifest"]

MANIFEST, RECORDS = "manifest.jsonl", "records.csv"
_REQUIRED = ("file", "pid")


def read_manifest(folder: Path | str) -> pd.DataFrame:
    """Read the manifest of a generated set.

    Args:
        folder: the set; its manifest has one JSON object a line with ``file`` (relative to the
            folder), ``pid`` (the identity that it claims) and whatever else is known.

    Returns:
        One row an image, in the manifest's order; ``pid`` is int64.

    Raises:
        ValueError: there is no manifest, a line is not such an object, a file is named twice or
            is missing.
    """
    path = Path(folder) / MANIFEST
    if not path.is_file():
        raise ValueError(
            f"{folder} has no {MANIFEST}, so nobody knows whom its images claim to show; "
            "reid-gen generate writes one"
        )
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip():
            rows.append(_row(line, f"{path}, line {number}"))
    if not rows:
        raise ValueError(
            f"{path} is empty: reid-gen generate drew no image, or reid-gen purify kept none, "
            "which a lower --threshold changes"
        )
    table = pd.DataFrame(rows).astype({"pid": "int64"})
    repeated = table["file"].duplicated()
    if repeated.any():
        raise ValueError(f"{path} names {table['file'][repeated].iloc[0]} twice")
    missing = [name for name in table["file"] if not (Path(folder) / name).is_file()]
    if missing:
        raise ValueError(
            f"{path} names {len(missing)} images that are not there, first {missing[0]}; "
            "reid-gen generate --resume makes them"
        )
    return table


def write_manifest(table: pd.DataFrame, folder: Path | str) -> None:
    """Write manifest and records of a set whose images are in the folder already.

    Args:
        table: ``file``, ``pid``, maybe ``camid`` and whatever else is known.
        folder: the set.
    """
    target = Path(folder)
    with replacing(target / MANIFEST) as temporary:
        lines = (json.dumps(_plain(row)) for row in table.to_dict("records"))
        temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    if len(table):
        with replacing(target / RECORDS) as temporary:
            as_records(table, target).table.to_csv(temporary, index=False)


def as_records(table: pd.DataFrame, folder: Path | str) -> Records:
    """A manifest's images as training records."""
    columns = {"path": table["file"], "pid": table["pid"], "split": "train"}
    if "camid" in table:
        columns["camid"] = table["camid"].astype("Int64")
    return Records(pd.DataFrame(columns), Path(folder))


def _row(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise ValueError(f"{where}: not JSON ({error})") from error
    if not isinstance(row, dict) or not all(name in row for name in _REQUIRED):
        raise ValueError(f"{where}: expected an object with {' and '.join(_REQUIRED)}")
    if isinstance(row["pid"], bool) or not isinstance(row["pid"], int):
        raise ValueError(f"{where}: pid must be a whole number, came {row['pid']!r}")
    return row


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    """Values that JSON knows: numpy's numbers become Python's, and what is missing None."""
    return {
        str(name): None if pd.isna(value) else getattr(value, "item", lambda value=value: value)()
        for name, value in row.items()
    }
