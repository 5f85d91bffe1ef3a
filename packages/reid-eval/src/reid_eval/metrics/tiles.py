"""What a counting backend is given: a block of queries, a block of gallery rows, their product.

The named tuples hold NumPy arrays for the compiled kernels and tensors for the torch path.
"""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = [
    "COSINE",
    "EUCLIDEAN",
    "GALLERY_ORDER",
    "GIVEN",
    "LANES",
    "OPTIMISTIC",
    "PESSIMISTIC",
    "GalleryBlock",
    "QueryBlock",
]

LANES = 64
"""Partial sums of a dot product in float64, folded in halves: the definition of an exact score."""

GALLERY_ORDER, OPTIMISTIC, PESSIMISTIC = 0, 1, 2
COSINE, EUCLIDEAN, GIVEN = 0, 1, 2


class QueryBlock(NamedTuple):
    """A run of queries and their matches.

    Attributes:
        queries: ``(Q, D)`` float32 features; ``(0, 0)`` for given distances.
        term: ``(Q,)`` float64 norms (cosine) or squared norms (euclidean).
        hidden_start: ``(Q + 1,)`` CSR of the gallery indices that are not non-matches.
        hidden_column: ``(M,)`` those indices, ascending within a query.
        start: ``(Q + 1,)`` CSR of the matches, weakest first.
        score: ``(N,)`` float64 exact scores of the matches: the thresholds.
        column: ``(N,)`` gallery indices of the matches.
    """

    queries: Any
    term: Any
    hidden_start: Any
    hidden_column: Any
    start: Any
    score: Any
    column: Any


class GalleryBlock(NamedTuple):
    """A run of gallery rows, and how a tile's entries relate to exact scores.

    An entry ``s`` stands for ``s * scale + bias``. With ``t = exact score * factor + shift``, that
    lies within ``slack + grain |t|`` of ``t``.

    Attributes:
        offset: gallery index of the first row.
        grain: see above.
        rows: ``(B, D)`` float32 features; ``(0, 0)`` for given distances.
        term: ``(B,)`` float64 norms (cosine) or squared norms (euclidean).
        scale: ``(B,)`` in the tile's dtype.
        bias: ``(B,)`` in the tile's dtype; minus infinity for rows left out for everyone.
        factor: ``(Q,)`` float64.
        shift: ``(Q,)`` float64.
        slack: ``(Q,)`` float64.
    """

    offset: int
    grain: float
    rows: Any
    term: Any
    scale: Any
    bias: Any
    factor: Any
    shift: Any
    slack: Any
