"""Nearest neighbours of embeddings by cosine, exactly, block by block, on any device."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import normalize, pad

__all__ = ["nearest_neighbours"]

_BLOCK_SCORES = 1 << 24


def nearest_neighbours(
    features: Tensor,
    anchors: Tensor,
    *,
    k: int,
    own: Tensor | None = None,
    advance: Callable[[int], None] | None = None,
) -> tuple[Tensor, Tensor]:
    """The ``k`` anchors of highest cosine to each row, the row itself left out by its number.

    A row is never told from its exact duplicates by its place in the ranking: where they crowd it
    out of the first places, they are its neighbours.

    Args:
        features: (N, D), floating; need not be normalised.
        anchors: (A, D), what may be a neighbour.
        k: neighbours for each row.
        own: (N,) int64, which anchor each row is itself; -1 for none. By default none is one.
        advance: called with the number of rows just finished.

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
    towards = normalize(anchors.float(), dim=1)
    own = torch.full((len(features),), -1) if own is None else own
    rows = max(1, _BLOCK_SCORES // len(anchors))
    found, cosines = [], []
    for block, mine in zip(
        torch.split(features, rows), torch.split(own.to(features.device), rows), strict=True
    ):
        scores = normalize(block.float(), dim=1) @ towards.T
        here = (mine >= 0).nonzero()[:, 0]
        scores[here, mine[here]] = -torch.inf
        best, columns = _best(scores, k)
        found.append(columns.masked_fill(best == -torch.inf, -1))
        cosines.append(best)
        if advance is not None:
            advance(len(block))
    return torch.cat(found), torch.cat(cosines)


def _best(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k highest of each row, in order; -inf and column -1 where there are fewer."""
    short = max(0, k - scores.shape[1])
    best, columns = scores.topk(k - short, dim=1)
    return pad(best, (0, short), value=-torch.inf), pad(columns, (0, short), value=-1)


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
