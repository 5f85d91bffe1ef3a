"""Tables of records as files: CSV for people, Parquet for machines."""

from __future__ import annotations

import json
import re
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from reid_data.files import replacing

if TYPE_CHECKING:
    from reid_data.records import DatasetInfo

__all__ = ["read_csv", "read_parquet", "write_csv", "write_parquet"]

_INTEGERS = ("pid", "camid", "clothes_id", "tracklet", "frame", "sequence", "box", "label")
# With or without the .0 that a table program adds to a column with gaps.
_INTEGER = re.compile(r"\s*([+-]?\d{1,19})(?:\.0*)?\s*", re.ASCII)
_METADATA_KEY = b"reid_data.info"


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table of records; unknown values are empty."""
    with replacing(Path(path)) as temporary:
        table.to_csv(temporary, index=False)


def write_parquet(table: pd.DataFrame, path: Path, *, about: DatasetInfo | None = None) -> None:
    """Write a table of records, and what is known about the data set as JSON in the schema."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = pa.Table.from_pandas(table, preserve_index=False)
    if about is not None:
        text = json.dumps({**asdict(about), "counts": dict(about.counts)})
        content = content.replace_schema_metadata(
            {**(content.schema.metadata or {}), _METADATA_KEY: text.encode()}
        )
    with replacing(Path(path)) as temporary:
        pq.write_table(content, temporary)


def read_csv(path: Path) -> pd.DataFrame:
    """Read a CSV table; the columns of records that hold numbers are parsed strictly.

    Raises:
        ValueError: the file is missing, empty or no CSV, or a number is not one.
    """
    _require_file(path)
    broken = (
        pd.errors.ParserError,
        pd.errors.ParserWarning,
        pd.errors.EmptyDataError,
        UnicodeDecodeError,
    )
    try:
        with warnings.catch_warnings():
            # A line longer than the header would otherwise lose its end, or shift.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            text = pd.read_csv(path, dtype=str, keep_default_na=False, index_col=False)
    except broken as error:
        raise ValueError(f"{path} is not a CSV table with a header line: {error}") from error
    columns = {name: _parse(str(name), text[name], path) for name in text}
    return pd.DataFrame(columns, index=text.index)


def _parse(name: str, values: pd.Series[str], path: Path) -> pd.Series[Any]:
    """Numbers where records need them or where a whole column holds them; text otherwise."""
    if name in _INTEGERS:
        matches = [_INTEGER.fullmatch(text) for text in values]
        gap_allowed = name not in ("pid", "label")
        wrong = [
            match is None and (text != "" or not gap_allowed)
            for text, match in zip(values, matches, strict=True)
        ]
        # Never through float, which alters integers beyond 2**53.
        integers = [None if match is None else int(match[1]) for match in matches]
        numbers = pd.Series(integers, index=values.index, dtype=object)
    else:
        numbers = pd.to_numeric(values.where(values != "", None), errors="coerce")
        wrong = list(numbers.isna() & (values != ""))
        if name != "timestamp":
            text = name in ("path", "split") or any(wrong) or bool(numbers.isna().all())
            return values if text else numbers
    if any(wrong):
        row = wrong.index(True)
        # The header is line 1.
        raise ValueError(
            f"{path}, line {row + 2}: {name} must be a number, came {values.iloc[row]!r}"
        )
    return numbers


def read_parquet(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read a Parquet table and what its metadata says about the data set (empty: nothing).

    Raises:
        ValueError: the file is missing or not Parquet.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    _require_file(path)
    try:
        content = pq.read_table(path)
        return content.to_pandas(), _about(content.schema.metadata or {})
    # Arrow tells what is wrong inside a file as an error of the disk, without a number.
    except (pa.ArrowException, OSError, ValueError, LookupError, TypeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise ValueError(f"{path} is not a Parquet file, or damaged: {error}") from error


def _about(metadata: dict[bytes, bytes]) -> dict[str, Any]:
    about: Any = json.loads(metadata.get(_METADATA_KEY, b"{}"))
    if not isinstance(about, dict):
        raise TypeError(f"expected an object in its metadata, came {type(about).__name__}")
    if about:
        about["counts"] = {split: tuple(pair) for split, pair in dict(about["counts"]).items()}
    return about


def _require_file(path: Path) -> None:
    if not path.is_file():
        raise ValueError(f"expected a table of records at {path}; there is no such file")
