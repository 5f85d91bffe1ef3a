"""What comes into a gallery, checked: new rows, queries, and the model that they are of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from reid_eval.embeddings import Embeddings, check_same_making
from reid_eval.gallery.filters import Filter
from reid_eval.gallery.interface import Duplicates, Gallery, StoredType

__all__ = [
    "COLUMNS",
    "MODEL_FACTS",
    "NewRows",
    "agreed_model",
    "check_present",
    "check_row_ids",
    "check_top_k",
    "gallery_table",
    "ids_to_delete",
    "new_rows",
    "query_features",
    "without_duplicates",
]

MODEL_FACTS = ("fingerprint", "image_size", "views", "normalised")
COLUMNS = ("path", "pid", "camid", "timestamp", "tracklet", "attributes")
_OWN = (*COLUMNS, "image", "frame", "box", "split", "id")
_WHOLE = {"pid": -1, "camid": -1, "tracklet": -1}
_LARGEST = {"float32": 1e12, "float16": 65504.0}


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
    features = _matrix("the embeddings", values, dimension, dtype)
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
        {name: _whole(rows, name, missing) for name, missing in _WHOLE.items()},
        _timestamps(rows),
        _paths(rows),
        _attributes(rows),
        _images(rows),
    )


def gallery_table(embeddings: Embeddings) -> pd.DataFrame:
    """The table of embeddings as a gallery takes it: absolute paths, other columns as attributes.

    Raises:
        ValueError: attributes that are there already are no mappings.
    """
    root, table = embeddings.root, embeddings.table
    others = [str(name) for name in table.columns if name not in _OWN]
    more = {name: table[name].tolist() for name in others}
    attributes = []
    for row, own in enumerate(_mappings(table)):
        extra = {name: more[name][row] for name in others if not _missing(more[name][row])}
        attributes.append({**extra, **own})
    paths = [str(root / path) if path else "" for path in table["path"]]
    return table.drop(columns=others).assign(
        path=paths, attributes=pd.Series(attributes, table.index, object)
    )


def query_features(queries: Embeddings | ArrayLike, *, dimension: int) -> NDArray[np.float32]:
    """The queries as float32 (Q, D); a single one may be (D,).

    Raises:
        ValueError: another dimension, values that are not finite, or none at all.
    """
    values = queries.features if isinstance(queries, Embeddings) else np.asarray(queries)
    features = _matrix("the query", values[None] if values.ndim == 1 else values, dimension, None)
    if not len(features):
        raise ValueError("there is no query to search for")
    return features


def agreed_model(
    known: Mapping[str, Any], embeddings: Embeddings | ArrayLike, model: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The facts about the model after these embeddings; refuses another model.

    Raises:
        ValueError: the embeddings are of another model, or were made in another way.
    """
    facts = embeddings.meta if isinstance(embeddings, Embeddings) else model
    if not facts:
        return dict(known)
    if known:
        check_same_making(known, facts, names=("the gallery", "the embeddings"))
        return dict(known)
    return {name: facts[name] for name in (*MODEL_FACTS, "embedder") if name in facts}


def without_duplicates(rows: NewRows, present: Iterable[str], how: Duplicates) -> NDArray[np.int64]:
    """Which rows are new, ascending.

    Args:
        rows: the rows.
        present: those of their paths that the gallery has.
        how: refuse duplicates, or skip them.

    Raises:
        ValueError: there are duplicates, and they are refused.
    """
    if how not in ("refuse", "skip"):
        raise ValueError(f"duplicates must be 'refuse' or 'skip', got {how!r}")
    seen, fresh, again = set(present), list[int](), list[str]()
    for row, path in enumerate(rows.paths):
        if path and path in seen:
            again.append(path)
        else:
            seen.add(path)
            fresh.append(row)
    if again and how == "refuse":
        raise ValueError(
            f"{len(again)} of {len(rows)} rows are in the gallery already or come twice, first "
            f"{again[0]}; delete them first, or skip them (duplicates='skip')"
        )
    return np.asarray(fresh, np.int64)


def check_top_k(top_k: int, group_by: str | None) -> None:
    """Refuse a search that asks for nothing."""
    if isinstance(top_k, bool) or not hasattr(top_k, "__index__") or top_k < 1:
        raise ValueError(f"top_k must be a whole number from 1 on, got {top_k!r}")
    if group_by not in (None, "tracklet", "pid"):
        raise ValueError(f"group_by must be None, 'tracklet' or 'pid', got {group_by!r}")


def ids_to_delete(gallery: Gallery, ids: ArrayLike | None, pid: int | None) -> NDArray[np.int64]:
    """The rows that `Gallery.delete` is asked to delete.

    Raises:
        ValueError: neither or both were given, or the person is nobody.
    """
    if (ids is None) == (pid is None):
        raise ValueError("say either which rows to delete (ids) or which person (pid)")
    if pid is None:
        return check_row_ids(ids if ids is not None else ())
    if pid < 0:
        raise ValueError(f"pid {pid} is nobody; delete rows of unknown people by their ids")
    return gallery.ids(Filter(pids=[pid]))


def check_present(ids: NDArray[np.int64], places: NDArray[np.int64]) -> None:
    """Refuse ids without a place (-1).

    Raises:
        ValueError: names the first.
    """
    if (places < 0).any():
        raise ValueError(f"the gallery has no row {int(ids[places < 0][0])} (any more)")


def check_row_ids(ids: ArrayLike) -> NDArray[np.int64]:
    """Row ids as int64 (N,).

    Raises:
        ValueError: they are no whole numbers.
    """
    values = np.atleast_1d(np.asarray(ids))
    if values.size == 0:
        return np.empty(0, np.int64)
    if values.ndim != 1 or values.dtype.kind not in "iu":
        raise ValueError(f"row ids must be whole numbers (N,), got {values.dtype} {values.shape}")
    return values.astype(np.int64)


def _matrix(name: str, values: Any, dimension: int, dtype: StoredType | None) -> NDArray[Any]:
    array = values.detach().cpu().numpy() if hasattr(values, "detach") else np.asarray(values)
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise ValueError(f"{name} must be numbers (N, D), got {array.dtype} {array.shape}")
    if array.shape[1] != dimension:
        raise ValueError(
            f"{name} has {array.shape[1]} dimensions, the gallery {dimension}; "
            "embed with the gallery's model"
        )
    largest = _LARGEST[dtype or "float32"]
    # One pass finds both: a sum of squares would overflow, a maximum of NaN is NaN.
    highest = max(abs(float(array.max(initial=0))), abs(float(array.min(initial=0))))
    if not highest <= largest:
        good = (np.abs(array) <= largest).all(axis=1)
        raise ValueError(
            f"row {int(good.argmin())} of {name} is not finite, or too large for "
            f"{dtype or 'float32'}"
        )
    return np.ascontiguousarray(array, np.dtype(dtype or "float32"))


def _whole(table: pd.DataFrame, name: str, missing: int) -> NDArray[np.int64]:
    if name not in table.columns:
        return np.full(len(table), missing, np.int64)
    try:
        column = table[name].astype("Int64")
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"column {name} must hold whole numbers: {error}") from error
    return np.asarray(column.to_numpy(np.int64, na_value=missing), np.int64)


def _timestamps(table: pd.DataFrame) -> NDArray[np.float64]:
    if "timestamp" not in table.columns:
        return np.full(len(table), np.nan)
    try:
        seconds = pd.to_numeric(table["timestamp"]).to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ValueError(f"column timestamp must hold seconds: {error}") from error
    if np.isinf(seconds).any():
        raise ValueError("column timestamp must hold finite seconds, came infinity")
    return np.asarray(seconds, np.float64)


def _paths(table: pd.DataFrame) -> list[str]:
    if "path" not in table.columns:
        return [""] * len(table)
    paths = ["" if _missing(path) else str(path) for path in table["path"]]
    parts = [name for name in ("frame", "box") if name in table.columns]
    if not parts:
        return paths
    known = {name: _whole(table, name, -1).tolist() for name in parts}
    ends = [
        "&".join(f"{name}={known[name][row]}" for name in parts if known[name][row] >= 0)
        for row in range(len(table))
    ]
    return [
        f"{path}#{end}" if path and end else path for path, end in zip(paths, ends, strict=True)
    ]


def _attributes(table: pd.DataFrame) -> list[str]:
    """Attributes as JSON, keys in order."""
    if "attributes" not in table.columns:
        return ["{}"] * len(table)
    texts = []
    for row, own in enumerate(_mappings(table)):
        try:
            texts.append(json.dumps(own, sort_keys=True, allow_nan=False))
        except (TypeError, ValueError) as error:
            raise ValueError(f"attributes of row {row} are no plain JSON: {error}") from error
    return texts


def _mappings(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    given = table["attributes"] if "attributes" in table.columns else [None] * len(table)
    for row, value in enumerate(given):
        own = {} if _missing(value) else value
        if isinstance(own, str):  # as an embeddings folder keeps them
            own = _parsed(own, row)
        if not isinstance(own, Mapping):
            raise ValueError(f"attributes must be a mapping for every row, row {row} has {own!r}")
        yield dict(own)


def _parsed(text: str, row: int) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(f"attributes of row {row} are no JSON: {error}") from error


def _images(table: pd.DataFrame) -> list[bytes | None]:
    if "image" not in table.columns:
        return [None] * len(table)
    images: list[bytes | None] = [None if _missing(value) else value for value in table["image"]]
    for row, image in enumerate(images):
        if image is not None and not isinstance(image, bytes):
            raise ValueError(f"image must be encoded bytes, row {row} has {type(image).__name__}")
    return images


def _missing(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and value != value)
