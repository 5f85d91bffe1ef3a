"""Rows as Milvus keeps them, and back."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reid_eval.gallery.incoming import COLUMNS, NewRows
from reid_eval.gallery.milvus.expressions import UNKNOWN_TIME

__all__ = ["check_room", "described", "entity", "picture"]

_LARGEST_TEXT = 65535


def entity(rows: NewRows, row: int, name: int) -> dict[str, Any]:
    """A new row with its id, ``name``."""
    seconds, image = float(rows.timestamps[row]), rows.images[row]
    return {
        "id": name,
        "features": rows.features[row].astype(np.float32).tolist(),
        "path": rows.paths[row],
        "timestamp": UNKNOWN_TIME if math.isnan(seconds) else seconds,
        "attributes": json.loads(rows.attributes[row]),
        "image": "" if image is None else "." + base64.b64encode(image).decode(),
        **{column: int(values[row]) for column, values in rows.ids.items()},
    }


def check_room(rows: NewRows) -> None:
    """Refuse pictures that Milvus has no room for.

    Raises:
        ValueError: names the first.
    """
    for row, image in enumerate(rows.images):
        if image is not None and 4 * len(image) // 3 + 5 > _LARGEST_TEXT:
            raise ValueError(
                f"the picture of row {row} has {len(image):,} bytes, Milvus keeps at most "
                f"{3 * _LARGEST_TEXT // 4 - 4:,}; encode it smaller"
            )


def picture(text: str) -> bytes | None:
    """The encoded picture of a row, from its field ``image``."""
    return base64.b64decode(text[1:]) if text else None


def described(ids: NDArray[np.int64], found: Mapping[int, Mapping[str, Any]]) -> pd.DataFrame:
    """What is known of rows, in the order of ``ids``: ``id`` and the columns of a row."""
    table = pd.DataFrame(
        [{**found[row], "id": row} for row in ids.tolist()], columns=["id", *COLUMNS]
    )
    table["timestamp"] = table["timestamp"].astype(float)
    table["timestamp"] = table["timestamp"].mask(table["timestamp"] <= UNKNOWN_TIME)
    whole = ("id", "pid", "camid", "tracklet")
    return table.astype(dict.fromkeys(whole, np.int64))
