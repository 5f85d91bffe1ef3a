"""Tables of predictions, and tables in files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from reid_attr.recognizer import Recognizer
    from reid_data import Records

__all__ = ["check_table", "prediction_table", "write_table"]

_KNOWN = ("path", "pid", "camid", "split", "tracklet", "frame", "timestamp")


def prediction_table(
    recognizer: Recognizer, records: Records, probabilities: NDArray[np.float32]
) -> pd.DataFrame:
    """What is known of each image, ``group:NAME`` in words, and a column an attribute.

    Args:
        recognizer: whose thresholds and schema the words come from.
        records: the images; of their columns those that say something are taken over.
        probabilities: ``(N, K)``.
    """
    import pandas as pd

    known = [column for column in _KNOWN if column in records.table.columns]
    about = records.table[known].reset_index(drop=True)
    silent = [
        column
        for column in ("pid", "camid", "tracklet")
        if column in known and bool((about[column].fillna(-1) == -1).all())
    ]
    words = pd.DataFrame(recognizer.describe(probabilities)).add_prefix("group:")
    scores = pd.DataFrame(probabilities, columns=list(recognizer.schema.names))
    return pd.concat([about.drop(columns=silent), words, scores], axis=1)


def check_table(out: Path) -> None:
    """Refuse a table of another kind before long work starts.

    Raises:
        ValueError: the name does not end in .csv or .parquet, or is a folder.
    """
    if out.suffix.lower() not in (".csv", ".parquet") or out.is_dir():
        raise ValueError(f"--out must be a file that ends in .csv or .parquet, came {out}")


def write_table(table: pd.DataFrame, out: Path) -> None:
    """Write a table whole, in the format that its name says."""
    from reid_data.files import replacing

    with replacing(out) as temporary:
        if out.suffix.lower() == ".csv":
            table.to_csv(temporary, index=False, float_format="%.6f")
        else:
            table.to_parquet(temporary, index=False)
