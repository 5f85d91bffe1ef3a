"""A table of your own as a data set."""

from __future__ import annotations

from pathlib import Path

from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["read_table"]


@register_dataset(
    DatasetInfo(
        name="csv",
        licence="your own data",
        note="--root is a .csv or .parquet file with the columns path, pid, split and, where "
        "known, camid; paths are relative to the file's folder",
    )
)
def read_table(root: Path) -> Records:
    """Read a CSV or Parquet file of records whose paths are relative to its own folder.

    Raises:
        ValueError: it is neither, or its content is not a table of records.
    """
    suffix = root.suffix.lower()
    if root.is_dir() or suffix not in (".csv", ".parquet"):
        raise ValueError(f"expected a .csv or .parquet file, came {root}")
    return Records.from_csv(root) if suffix == ".csv" else Records.from_parquet(root)
