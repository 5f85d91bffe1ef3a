"""Rows of a gallery as an embeddings folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reid_eval.embeddings import Embeddings
from reid_eval.gallery.interface import Advance, Gallery

__all__ = ["export_rows"]

_AT_ONCE = 1 << 14


def export_rows(
    gallery: Gallery, out: Path, ids: NDArray[np.int64], advance: Advance | None
) -> Embeddings:
    """Write rows as an embeddings folder; see `Gallery.export`.

    Raises:
        ValueError: there are none.
    """
    if not len(ids):
        raise ValueError(f"no row to export to {out}")
    about = gallery.info()
    features = np.empty((len(ids), about.dimension), np.float32)
    tables = []
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        features[start : start + len(part)] = gallery.features(part)
        tables.append(gallery.get(part))
        if advance is not None:
            advance(len(part))
    table = pd.concat(tables, ignore_index=True)
    table["attributes"] = [json.dumps(each, sort_keys=True) for each in table["attributes"]]
    for name in ("camid", "tracklet"):
        table[name] = table[name].astype("Int64").mask(table[name] < 0)
    Embeddings(features, table.assign(split="gallery"), Path(), dict(about.model)).save(out)
    return Embeddings.load(out)
