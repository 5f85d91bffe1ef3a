"""New rows of a gallery, checked before any is added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from reid_eval.embeddings import Embeddings
from reid_eval.gallery.checks import feature_matrix
from reid_eval.gallery.columns import (
    attribute_texts,
    is_missing,
    mappings,
    pictures,
    row_paths,
    timestamps,
    whole_numbers,
)
from reid_eval.gallery.interface import Duplicates
from reid_eval.gallery.results import StoredType

if TYPE_CHECKING:
    from reid_data.records import Records

__all__ = ["COLUMNS", "NewRows", "frame_times", "gallery_table", "new_rows", "without_duplicates"]

COLUMNS = ("path", "pid", "camid", "timestamp", "tracklet", "attributes")
_OWN = (*COLUMNS, "image", "frame", "box", "split", "id")
_WHOLE = {"pid": -1, "camid": -1, "tracklet": -1}


@dataclass(frozen=True, eq=False)
class NewRows:
    """N checked rows, not yet in a gallery.

    Attributes:
        features: (N, D) in the type that the gallery keeps.
        ids: int64 ``pid``, ``camid`` and ``tracklet`` (N,) each, by name.
        timestamps: float64 (N,), NaN where unknown.
        paths: N texts, with ``#frame=1&box=2`` where these are known; empty for no path.
        attributes: N JSON objects as text, keys in order.
        images: N encoded pictures or None.
    """

    features: NDArray[Any]
    ids: Mapping[str, NDArray[np.int64]]
    timestamps: NDArray[np.float64]
    paths: list[str]
    attributes: list[str]
    images: list[bytes | None]

    def __len__(self) -> int:
        return len(self.features)

    def take(self, chosen: NDArray[np.int64]) -> NewRows:
        """Some of the rows, ascending."""
        if len(chosen) == len(self):
            return self
        rows = chosen.tolist()
        return NewRows(
            self.features[chosen],
            {name: values[chosen] for name, values in self.ids.items()},
            self.timestamps[chosen],
            [self.paths[row] for row in rows],
            [self.attributes[row] for row in rows],
            [self.images[row] for row in rows],
        )


def new_rows(
    embeddings: Embeddings | ArrayLike,
    table: pd.DataFrame | None,
    *,
    dimension: int,
    dtype: StoredType,
) -> NewRows:
    """Check what is to be added.

    Raises:
        ValueError: another dimension, values that cannot be kept, or a table that does not fit.
    """
    if isinstance(embeddings, Embeddings):
        if table is not None:
            raise ValueError("Embeddings bring their own table; give a table with features only")
        table = gallery_table(embeddings)
        values: Any = embeddings.features
    else:
        values = embeddings
    features = feature_matrix("the embeddings", values, dimension, dtype)
    rows = table if table is not None else pd.DataFrame(index=range(len(features)))
    if len(rows) != len(features):
        raise ValueError(f"{len(features)} embeddings for {len(rows)} table rows")
    others = [str(name) for name in rows.columns if name not in _OWN]
    if others:
        raise ValueError(
            f"the table has unknown column(s) {', '.join(others)}; put them into 'attributes'. "
            f"There are: {', '.join((*COLUMNS, 'image', 'frame', 'box'))}"
        )
    return NewRows(
        features,
        {name: whole_numbers(rows, name, missing) for name, missing in _WHOLE.items()},
        timestamps(rows),
        row_paths(rows),
        attribute_texts(rows),
        pictures(rows),
    )


def gallery_table(side: Embeddings | Records, *, fps: float | None = None) -> pd.DataFrame:
    """A table as a gallery takes it: absolute paths, other columns as attributes.

    Args:
        side: embeddings, or images yet to be embedded, with their table.
        fps: frames a second: a row whose time is not known, but its ``frame``, gets the
            ``timestamp`` frame / fps.

    Raises:
        ValueError: attributes that are there already are no mappings, or ``fps`` is not positive.
    """
    table = side.table
    # Images that are yet to be embedded will have what `embed` makes of their root.
    root = side.root if isinstance(side, Embeddings) else side.root.absolute()
    others = [str(name) for name in table.columns if name not in _OWN]
    more = {name: table[name].tolist() for name in others}
    attributes = []
    for row, own in enumerate(mappings(table)):
        extra = {name: more[name][row] for name in others if not is_missing(more[name][row])}
        attributes.append({**extra, **own})
    places = [str(root / path) if path else "" for path in table["path"]]
    known = table.drop(columns=others).assign(
        path=places, attributes=pd.Series(attributes, table.index, object)
    )
    return known if fps is None else known.assign(timestamp=frame_times(table, fps))


def frame_times(table: pd.DataFrame, fps: float) -> NDArray[np.float64]:
    """Seconds (N,): those that are known, else those of the ``frame`` at ``fps`` frames a second.

    Raises:
        ValueError: ``fps`` is not positive.
    """
    if not 0 < fps < np.inf:
        raise ValueError(f"fps must be frames a second, above 0, got {fps:g}")
    frames = whole_numbers(table, "frame", -1)
    seconds = timestamps(table)
    unknown = np.isnan(seconds) & (frames >= 0)
    return np.where(unknown, frames / fps, seconds)


def without_duplicates(
    paths: Sequence[str], present: Iterable[str], how: Duplicates
) -> NDArray[np.int64]:
    """Which rows are new, ascending.

    Args:
        paths: of the rows.
        present: those that the gallery has.
        how: refuse duplicates, or skip them.

    Raises:
        ValueError: there are duplicates, and they are refused.
    """
    if how not in ("refuse", "skip"):
        raise ValueError(f"duplicates must be 'refuse' or 'skip', got {how!r}")
    seen, fresh, again = set(present), list[int](), list[str]()
    for row, path in enumerate(paths):
        if path and path in seen:
            again.append(path)
        else:
            seen.add(path)
            fresh.append(row)
    if again and how == "refuse":
        raise ValueError(
            f"{len(again)} of {len(paths)} rows are in the gallery already or come twice, first "
            f"{again[0]}; delete them first, or skip them (--skip-present, duplicates='skip')"
        )
    return np.asarray(fresh, np.int64)
