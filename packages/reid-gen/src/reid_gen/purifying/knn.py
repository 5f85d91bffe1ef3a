"""Nearest neighbours of embeddings by cosine, exactly, on any device."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from reid_eval import Embeddings, search

__all__ = ["nearest_neighbours"]


def nearest_neighbours(
    features: Tensor,
    anchors: Tensor,
    *,
    k: int,
    own: Tensor | None = None,
    advance: Callable[[int], None] | None = None,
) -> tuple[Tensor, Tensor]:
    """The ``k`` anchors of highest cosine to each row, the row itself left out by its number.

    Cosines are exact and equal ones keep the order of the anchors, see [`reid_eval.search`][]:
    where the processor is good at it, candidates come from products of bfloat16. A row is never
    told from its exact duplicates by its place in the ranking: they are its neighbours.

    Args:
        features: (N, D), floating; need not be normalised.
        anchors: (A, D), what may be a neighbour, on the same device.
        k: neighbours for each row.
        own: (N,) int64, which anchor each row is itself; -1 for none. By default none is one.
        advance: called with the number of anchors that all rows were just compared with.

    Returns:
        Anchors (N, k) int64, nearest first, -1 where there are fewer than k; and their cosines
        (N, k) float32, minus infinity there.

    Raises:
        ValueError: the shapes do not fit, values are not finite, or k is not positive.

    Examples:
        >>> points = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]])
        >>> nearest_neighbours(points, points, k=3, own=torch.arange(3))[0].tolist()
        [[1, 2, -1], [0, 2, -1], [1, 0, -1]]
    """
    _check(features, anchors, k)
    rows = _embeddings(features)
    found = search(
        rows,
        rows if anchors is features else _embeddings(anchors),
        top_k=k if own is None else k + 1,
        device=features.device,
        advance=advance,
    )
    columns, cosines = found.indices, found.scores
    if own is not None:
        columns, cosines = _without(own.cpu().numpy(), columns, cosines)
    width = min(k, columns.shape[1])
    near = np.full((len(features), k), -1, np.int64)
    scores = np.full((len(features), k), -np.inf, np.float32)
    near[:, :width], scores[:, :width] = columns[:, :width], cosines[:, :width]
    return torch.from_numpy(near).to(features.device), torch.from_numpy(scores).to(features.device)


def _without(
    own: NDArray[np.int64], columns: NDArray[np.int64], cosines: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Move each row's own anchor behind the others and empty its place, if it is among them."""
    here = (columns == own[:, None]) & (own >= 0)[:, None]
    order = np.argsort(here, axis=1, kind="stable")
    columns, cosines = np.where(here, -1, columns), np.where(here, -np.inf, cosines)
    return np.take_along_axis(columns, order, 1), np.take_along_axis(cosines, order, 1)


def _embeddings(features: Tensor) -> Embeddings:
    """Features as what is searched, under no names."""
    values = features.detach().float().cpu().numpy()
    table = pd.DataFrame({"path": pd.RangeIndex(len(values)).astype(str), "pid": -1, "camid": -1})
    return Embeddings(values, table, Path())


def _check(features: Tensor, anchors: Tensor, k: int) -> None:
    shapes = tuple(features.shape), tuple(anchors.shape)
    if features.ndim != 2 or anchors.ndim != 2 or features.shape[1] != anchors.shape[1]:
        raise ValueError(f"expected features (N, D) and anchors (A, D), came {shapes}")
    if not len(features) or not len(anchors):
        raise ValueError(f"a graph needs one feature and one anchor at least, came {shapes}")
    if k < 1:
        raise ValueError(f"k must be 1 neighbour or more, came {k}")
    if not (torch.isfinite(features).all() and torch.isfinite(anchors).all()):
        raise ValueError("features must be finite")
