"""Exact search in mapped files."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reid_eval._nearest import Nearest
from reid_eval._pairs import Pairs
from reid_eval.gallery.embedded.features import ChosenRows
from reid_eval.metrics.features import FeatureBlocks
from reid_eval.metrics.options import Metric
from reid_eval.metrics.streaming import make_backend

__all__ = ["exact_nearest", "ranked_exactly", "squared_norms"]

_SMALL = 1 << 22  # scores and exact products, which take less time than loading compiled code
_CPU = torch.device("cpu")


def exact_nearest(
    queries: NDArray[np.float32],
    matrices: Sequence[NDArray[Any]],
    squares: NDArray[np.float64],
    chosen: NDArray[np.int64],
    top_k: int,
    *,
    metric: Metric,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The ``top_k`` best rows for every query.

    Args:
        queries: (Q, D).
        matrices: the files' rows.
        squares: (N,) squared norms of all rows.
        chosen: positions of the rows that may answer, ascending.
        top_k: K.
        metric: which score.

    Returns:
        Positions int64 (Q, K), -1 in empty places; scores float32 (Q, K), the cosine or minus the
        Euclidean distance, minus infinity there.
    """
    indices = np.full((len(queries), top_k), -1)
    scores = np.full((len(queries), top_k), -np.inf)
    if len(chosen):
        rows = ChosenRows(matrices, chosen)
        found = min(top_k, len(chosen))
        size = len(queries) * (len(rows) + found * rows.dim)
        with closing(make_backend("torch" if size < _SMALL else "auto", _CPU)) as counting:
            nearest = Nearest(
                FeatureBlocks("query", queries, device=_CPU),
                rows,
                metric=metric,
                counting=counting,
                hide=rows.hide,
                gallery_squares=squares[rows.positions],
            )
            places, exact = nearest.find(found, advance=lambda _: None)
        indices[:, :found] = np.where(places >= 0, rows.positions[places], -1)
        scores[:, :found] = exact
    return indices, _shown(scores, metric)


def ranked_exactly(
    queries: NDArray[np.float32],
    matrices: Sequence[NDArray[Any]],
    squares: NDArray[np.float64],
    candidates: NDArray[np.int64],
    *,
    metric: Metric,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Candidates of each query in the order of their exact scores; see `exact_nearest`.

    Args:
        queries: (Q, D).
        matrices: the files' rows.
        squares: (N,) squared norms of all rows.
        candidates: positions (Q, C), -1 in empty places.
        metric: which score.
    """
    columns = np.sort(candidates, axis=1)
    scores = np.full(columns.shape, -np.inf)
    query, place = (columns >= 0).nonzero()
    if len(query):
        rows = ChosenRows(matrices, np.unique(columns[query, place]))
        with closing(
            make_backend("torch" if len(query) * rows.dim < _SMALL else "auto", _CPU)
        ) as counting:
            pairs = Pairs(
                FeatureBlocks("query", queries, device=_CPU),
                rows,
                metric=metric,
                counting=counting,
                gallery_squares=squares[rows.positions],
            )
            where = np.searchsorted(rows.positions, columns[query, place])
            scores[query, place] = pairs.exact(query, where)
    order = np.argsort(-scores, axis=1, kind="stable")
    found = np.take_along_axis(columns, order, 1)
    return found, _shown(np.take_along_axis(scores, order, 1), metric)


def _shown(scores: NDArray[np.float64], metric: Metric) -> NDArray[np.float32]:
    """Minus distances instead of minus their squares."""
    if metric == "euclidean":
        scores = np.where(np.isfinite(scores), -np.sqrt(np.maximum(-scores, 0)), scores)
    return scores.astype(np.float32)


def squared_norms(features: NDArray[Any]) -> NDArray[np.float64]:
    """Exact squared norms (N,) of features (N, D)."""
    norms = np.empty(len(features))
    blocks = FeatureBlocks("features", features, device=_CPU)
    with closing(make_backend("torch", _CPU)) as counting:
        for start, block in blocks.blocks(1 << 14):
            norms[start : start + len(block)] = counting.squared_norms(block)
    return norms
