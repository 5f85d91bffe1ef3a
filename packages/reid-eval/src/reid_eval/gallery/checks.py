"""What is asked of a gallery, checked: queries, ids, and the model that embeddings are of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reid_eval.embeddings import Embeddings, check_same_making
from reid_eval.gallery.filters import Filter
from reid_eval.gallery.interface import Gallery
from reid_eval.gallery.results import StoredType

__all__ = [
    "agreed_model",
    "check_present",
    "check_row_ids",
    "check_top_k",
    "feature_matrix",
    "ids_to_delete",
    "query_features",
]

_MODEL_FACTS = ("fingerprint", "image_size", "views", "normalised")
_LARGEST = {"float32": 1e12, "float16": 65504.0}


def query_features(queries: Embeddings | ArrayLike, *, dimension: int) -> NDArray[np.float32]:
    """The queries as float32 (Q, D); a single one may be (D,).

    Raises:
        ValueError: another dimension, values that are not finite, or none at all.
    """
    values = queries.features if isinstance(queries, Embeddings) else np.asarray(queries)
    features = feature_matrix(
        "the query", values[None] if values.ndim == 1 else values, dimension, None
    )
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
    return {name: facts[name] for name in (*_MODEL_FACTS, "embedder") if name in facts}


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


def feature_matrix(
    name: str, values: Any, dimension: int, dtype: StoredType | None
) -> NDArray[Any]:
    """Features as numbers (N, D) of ``dtype``, float32 unless told.

    Raises:
        ValueError: another shape, or values that are not finite or too large.
    """
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
