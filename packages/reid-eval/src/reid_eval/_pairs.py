"""Exact scores of pairs of a query and a gallery row.

Exact scores are those of the metrics: products of the float32 features, summed in float64 in one
fixed order, divided by both norms (cosine) or made minus the squared distance (euclidean).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reid_eval.metrics.bounds import LARGEST_NORM
from reid_eval.metrics.features import FeatureBlocks
from reid_eval.metrics.options import Metric
from reid_eval.metrics.streaming import CountingBackend

__all__ = ["Floats", "Ints", "Pairs", "Rows", "blocks"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_GATHERED = 1 << 24


class Rows(Protocol):
    """A matrix of features whose rows come as contiguous float32 tensors on one device."""

    @property
    def dim(self) -> int:
        """D, the length of a row."""

    @property
    def device(self) -> torch.device:
        """Where the rows are handed out."""

    def __len__(self) -> int: ...

    def spans(self, size: int) -> Iterator[tuple[int, int]]:
        """All rows in runs of at most ``size`` that are cheap to hand out."""

    def rows(self, start: int, stop: int) -> Tensor:
        """Rows ``start`` to ``stop``."""

    def take(self, indices: Ints) -> Tensor:
        """The rows at the ascending ``indices``."""


class Pairs:
    """All pairs of Q queries and G gallery rows, whose scores are made when asked for.

    Args:
        queries: (Q, D).
        gallery: (G, D), on the same device.
        metric: which score.
        counting: where exact products are made.
        gallery_squares: exact squared norms (G,) of the gallery, where they are known.

    Attributes:
        queries: (Q, D) float32.
        query_squares: (Q,) exact squared norms.
        gallery: the rows.
        metric: which score.

    Raises:
        ValueError: features that are not finite, or far too large.
    """

    def __init__(
        self,
        queries: FeatureBlocks,
        gallery: Rows,
        *,
        metric: Metric,
        counting: CountingBackend,
        gallery_squares: Floats | None = None,
    ) -> None:
        self.gallery, self.metric = gallery, metric
        self._counting = counting
        self.queries = queries.rows(0, len(queries))
        self.query_squares = self._squared_norms("query", self.queries)
        self._squares_known = gallery_squares is not None
        if gallery_squares is None:
            gallery_squares = np.full(len(gallery), np.nan)
        self._gallery_squares = gallery_squares

    def block(self, start: int, stop: int) -> tuple[Tensor, Floats]:
        """Gallery rows ``start`` to ``stop`` and their squared norms."""
        rows = self.gallery.rows(start, stop)
        if not self._squares_known:
            self._gallery_squares[start:stop] = self._squared_norms("gallery", rows)
        return rows, self._gallery_squares[start:stop]

    def exact(self, rows: Ints, columns: Ints) -> Floats:
        """Exact scores (n,) of pairs, a bounded number of gallery rows at a time.

        A gallery row's block must have been handed out before.
        """
        scores = np.empty(len(rows))
        for first, last in blocks(len(rows), max(1, _GATHERED // self.gallery.dim)):
            needed, place = np.unique(columns[first:last], return_inverse=True)
            block = self.gallery.take(needed)
            pair = rows[first:last], place.reshape(-1)
            dots = self._counting.pair_dots(self.queries, block, *pair)
            ours, theirs = self.query_squares[pair[0]], self._gallery_squares[columns[first:last]]
            if self.metric == "euclidean":
                scores[first:last] = 2.0 * dots - (ours + theirs)
            else:
                norms = np.sqrt(ours) * np.sqrt(theirs)
                scores[first:last] = np.divide(
                    dots, norms, out=np.zeros_like(dots), where=dots != 0
                )
        return scores

    def _squared_norms(self, side: str, rows: Tensor) -> Floats:
        squares = self._counting.squared_norms(rows)
        if not (squares <= LARGEST_NORM**2).all():  # NaN compares false as well
            raise ValueError(
                f"the {side} embeddings hold values that are not finite, or are far too large; "
                "embed again"
            )
        return squares


def blocks(count: int, size: int) -> Iterator[tuple[int, int]]:
    """Where consecutive runs of at most ``size`` of ``count`` items begin and end."""
    return ((start, min(start + size, count)) for start in range(0, count, size))
