"""By what an evaluation may be cut into slices: a label for every match."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reid_data.console import one_line
from reid_data.preprocess import image_sizes, size_buckets
from reid_eval.embeddings import Embeddings

__all__ = ["BUILT_IN_SLICINGS", "Labels", "label_matches", "read_sidecar"]

Labels = NDArray[np.object_]
"""Names of slices; empty where a match belongs to none because something is not known."""

_SIZES = ("0 to 31", "32 to 63", "64 to 127", "128 to 256", "over 256")
_SECONDS = (60, 600, 3600, 86400)
_SECOND_NAMES = (
    "0 to 1 minutes",
    "1 to 10 minutes",
    "10 to 60 minutes",
    "60 minutes to a day",
    "over a day",
)
_FRAMES = (100, 1000, 10_000)
_FRAME_NAMES = ("0 to 99 frames", "100 to 999 frames", "1,000 to 9,999 frames", "10,000+ frames")
_MOST_VALUES = 60

_Rows = NDArray[np.int64]


def label_matches(
    by: str,
    query: Embeddings,
    gallery: Embeddings,
    *,
    query_rows: _Rows,
    gallery_rows: _Rows,
    sidecar: pd.DataFrame | None = None,
) -> Labels:
    """Say to which slice each match belongs.

    Args:
        by: a name of `BUILT_IN_SLICINGS`, or a column of the query's table or of the sidecar.
        query: the Q queries.
        gallery: the G gallery images.
        query_rows: the query of each of N matches.
        gallery_rows: the gallery image of each.
        sidecar: further columns, keyed by ``path`` or ``pid``, see `read_sidecar`.

    Returns:
        (N,).

    Raises:
        ValueError: there is no such slicing or column, it lacks what it needs, or it has too many
            different values to be slices.
    """
    if by in BUILT_IN_SLICINGS:
        return BUILT_IN_SLICINGS[by](query, gallery, query_rows, gallery_rows)
    return _column(by, query, sidecar)[query_rows]


def read_sidecar(path: str | Path) -> pd.DataFrame:
    """Read a table of attributes beside the records, CSV or Parquet.

    Raises:
        ValueError: it cannot be read, has neither a column ``path`` nor ``pid``, or a key twice.
    """
    file = Path(path)
    try:
        table = pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file)
    except (OSError, ValueError) as error:
        raise ValueError(f"{file} cannot be read: {one_line(error)}") from error
    key = next((name for name in ("path", "pid") if name in table.columns), None)
    if key is None:
        came = ", ".join(map(str, table.columns))
        raise ValueError(f"{file} needs a column path or pid, by which its rows are found; {came}")
    if table[key].duplicated().any():
        again = table.loc[table[key].duplicated(), key].iloc[0]
        raise ValueError(f"{file} holds the {key} {again} twice; expected one row each")
    return table


def _camera(query: Embeddings, _: Embeddings, query_rows: _Rows, __: _Rows) -> Labels:
    cameras = query.camids
    names = np.array([f"camera {one}" if one >= 0 else "" for one in cameras], np.object_)
    return names[query_rows]


def _camera_pair(
    query: Embeddings, gallery: Embeddings, query_rows: _Rows, gallery_rows: _Rows
) -> Labels:
    asked, found = query.camids[query_rows], gallery.camids[gallery_rows]
    pairs, which = np.unique(np.stack([asked, found], axis=1), axis=0, return_inverse=True)
    names = [f"camera {a} to {b}" if min(a, b) >= 0 else "" for a, b in pairs.tolist()]
    return np.array(names, np.object_)[which.reshape(-1)]


def _outfit(
    query: Embeddings, gallery: Embeddings, query_rows: _Rows, gallery_rows: _Rows
) -> Labels:
    asked = _numbers(query, "clothes_id", "outfit")[query_rows]
    found = _numbers(gallery, "clothes_id", "outfit")[gallery_rows]
    names = np.where(asked == found, "same clothes", "other clothes").astype(np.object_)
    names[np.isnan(asked) | np.isnan(found)] = ""
    return names


def _size(query: Embeddings, _: Embeddings, query_rows: _Rows, __: _Rows) -> Labels:
    asked, place = np.unique(query_rows, return_inverse=True)
    paths = query.paths
    sizes = image_sizes([paths[row] for row in asked], skip_unreadable=True)
    names = np.array([f"{one} pixels" for one in _SIZES], np.object_)[size_buckets(sizes)]
    names[sizes.min(axis=1) == 0] = ""
    if not names.any():
        raise ValueError("slices by size read the query images, and none of them can be read")
    return np.asarray(names[place.reshape(-1)])


def _time_gap(
    query: Embeddings, gallery: Embeddings, query_rows: _Rows, gallery_rows: _Rows
) -> Labels:
    both = set(query.table.columns) & set(gallery.table.columns)
    column, bounds, texts = (
        ("timestamp", _SECONDS, _SECOND_NAMES)
        if "timestamp" in both
        else ("frame", _FRAMES, _FRAME_NAMES)
    )
    asked = _numbers(query, column, "time-gap")[query_rows]
    gap = np.abs(asked - _numbers(gallery, column, "time-gap")[gallery_rows])
    unknown = np.isnan(gap)
    if column == "frame" and "sequence" in both:  # frames of two sequences have no common clock
        first = _numbers(query, "sequence", "time-gap")[query_rows]
        unknown |= ~(first == _numbers(gallery, "sequence", "time-gap")[gallery_rows])
    names = np.array(texts, np.object_)[np.searchsorted(bounds, np.nan_to_num(gap), side="right")]
    names[unknown] = ""
    return names


BUILT_IN_SLICINGS: Mapping[str, Callable[[Embeddings, Embeddings, _Rows, _Rows], Labels]] = {
    "camera": _camera,
    "camera-pair": _camera_pair,
    "outfit": _outfit,
    "size": _size,
    "time-gap": _time_gap,
}
"""By the query's camera; by both cameras; whether clothes changed (``clothes_id``); by the short
side of the query image in pixels; by the time between both images (``timestamp`` in seconds, or
``frame`` within a ``sequence``)."""


def _numbers(side: Embeddings, column: str, by: str) -> NDArray[np.float64]:
    if column not in side.table.columns:
        raise ValueError(f"slices by {by} need a column {column}; {_there(side.table)}")
    return side.table[column].to_numpy(np.float64, na_value=np.nan)


def _column(by: str, query: Embeddings, sidecar: pd.DataFrame | None) -> Labels:
    """The values (Q,) of a column, as texts."""
    if by in query.table.columns:
        values = query.table[by]
    elif sidecar is not None and by in sidecar.columns:
        key = "path" if "path" in sidecar.columns else "pid"
        values = query.table[key].map(sidecar.set_index(key)[by])
        if values.isna().all():
            raise ValueError(f"no query's {key} is in the sidecar's column {key}")
    else:
        built_in = ", ".join(BUILT_IN_SLICINGS)
        raise ValueError(
            f"no slices by {by!r}: expected {built_in}, or a column; {_there(query.table)}"
        )
    if values.nunique() > _MOST_VALUES:
        raise ValueError(
            f"column {by} has {values.nunique():,} different values; slices are for at most "
            f"{_MOST_VALUES}"
        )
    names = [f"{by} {value}" for value in values.astype(object)]
    return np.where(values.isna(), "", np.array(names, np.object_)).astype(np.object_)


def _there(table: pd.DataFrame) -> str:
    return f"the table has {', '.join(map(str, table.columns))}"
