"""Tables of records as files: CSV for people, Parquet for machines."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from reid_data.files import replacing

if TYPE_CHECKING:
    from reid_data.records import DatasetInfo

__all__ = ["read_csv", "read_parquet", "write_csv", "write_parquet"]

_NUMBERS = ("pid", "camid", "clothes_id", "tracklet", "frame", "sequence", "box", "label")
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
    try:
        text = pd.read_csv(path, dtype=str, keep_default_na=False, skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not a CSV table with a header line: {error}") from error
    columns = {name: _parse(text[name], path) for name in text}
    return pd.DataFrame(columns, index=text.index)


def _parse(values: pd.Series[str], path: Path) -> pd.Series[Any]:
    """Numbers where records need them or where a whole column holds them; text otherwise."""
    numbers = pd.to_numeric(values.where(values != "", None), errors="coerce")
    wrong = numbers.isna() & (values != "")
    if str(values.name) not in (*_NUMBERS, "timestamp"):
        known = str(values.name) in ("path", "split")
        return values if known or wrong.any() or numbers.isna().all() else numbers
    needed = values.name in ("pid", "label")
    wrong |= (values == "") & needed
    if values.name != "timestamp":
        # A round trip through float would alter integers beyond 2**53.
        wrong |= ~values.str.fullmatch(r"\s*[+-]?\d{1,18}(\.0+)?\s*") & (values != "")
        numbers = values.where(values != "", None).str.replace(r"(\.0+)?\s*$", "", regex=True)
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        # A header comes first and lines count from one.
        raise ValueError(
            f"{path}, line {row + 2}: {values.name} must be a number, came {values.iloc[row]!r}"
        )
    return numbers if values.name == "timestamp" else numbers.astype("Int64")


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
    except pa.ArrowInvalid as error:
        raise ValueError(f"{path} is not a Parquet file: {error}") from error
    about = json.loads((content.schema.metadata or {}).get(_METADATA_KEY, b"{}"))
    if about:
        about["counts"] = {split: tuple(pair) for split, pair in about["counts"].items()}
    return content.to_pandas(), about


def _require_file(path: Path) -> None:
    if not path.is_file():
        raise ValueError(f"expected a table of records at {path}; there is no such file")
