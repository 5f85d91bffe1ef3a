"""Exact nearest neighbours of feature matrices, streamed by blocks.

The order is the one that the metrics define: scores are products of the float32 features, summed
in float64 in one fixed order, and equal scores keep the order of the gallery. A float32 product
finds a few more candidates than are asked for; these are scored exactly, and where the error
bound of [`reid_eval.metrics.bounds`][] says that a better one might have been missed, the query
is looked at again. So the result does not depend on blocks, threads or device.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reid_eval._topk import RunningTopK
from reid_eval.metrics.bounds import LARGEST_NORM, LinearForm, linear_form, product_roundoff
from reid_eval.metrics.features import FeatureBlocks
from reid_eval.metrics.options import Metric
from reid_eval.metrics.streaming import CountingBackend

__all__ = ["Hide", "Nearest", "Rows"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_COLUMNS = 1 << 14
_TILE = 1 << 24
_EXACT_TILE = 1 << 21
_GATHERED = 1 << 24
_SPARE = 16


class Hide(Protocol):
    """Sets the forbidden entries of a block of scores to minus infinity."""

    def __call__(self, scores: Tensor, *, rows: Tensor | slice, columns: slice) -> None:
        """Change the scores (R, C) of these queries and these gallery rows, in place."""


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


class Nearest:
    """The k nearest rows of ``gallery`` for every row of ``queries``.

    Args:
        queries: (Q, D).
        gallery: (G, D), on the same device.
        metric: which score.
        counting: where exact products are made.
        hide: hides the pairs that may not answer each other.
        gallery_squares: exact squared norms (G,) of the gallery, where they are known.

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
        hide: Hide,
        gallery_squares: Floats | None = None,
    ) -> None:
        self._gallery, self._metric = gallery, metric
        self._counting, self._hide = counting, hide
        self._queries = queries.rows(0, len(queries))
        self._query_squares = self._squares("query", self._queries)
        self._squares_known = gallery_squares is not None
        if gallery_squares is None:
            gallery_squares = np.full(len(gallery), np.nan)
        self._gallery_squares = gallery_squares

    def find(self, k: int, *, advance: Callable[[int], None]) -> tuple[Ints, Floats]:
        """Gallery rows int64 (Q, k), best first, and their exact scores float64 (Q, k).

        Places that stay empty because too much is hidden hold -1 and minus infinity.
        """
        everyone = np.arange(len(self._queries))
        kept = k + max(_SPARE, k // 4)
        if kept >= len(self._gallery):
            return self._search_exactly(everyone, k, None, advance)
        columns, last, form = self._candidates(kept, advance)
        columns, scores = self._order(columns, k)
        certain = self._in_units_of(form, scores[:, -1])
        doubtful = np.flatnonzero((last > -np.inf) & ~(certain > last + form.slack))
        if len(doubtful):
            lowest = (certain - form.slack)[doubtful]
            again = self._search_exactly(doubtful, k, lowest, lambda _: None)
            columns[doubtful], scores[doubtful] = again
        return columns, scores

    def _candidates(
        self, kept: int, advance: Callable[[int], None]
    ) -> tuple[Ints, Floats, LinearForm]:
        """The ``kept`` best columns by float32 product, and the last one's score."""
        count, device = len(self._queries), self._queries.device
        best = RunningTopK(count, k=kept, device=device)
        slack = np.zeros(count)
        for start, stop in self._gallery.spans(max(_COLUMNS, 4 * kept)):
            block, form = self._block(start, stop)
            slack = np.maximum(slack, form.slack)
            for first, last in _blocks(count, max(1, _TILE // len(block))):
                tile = self._tile(slice(first, last), block, form, slice(start, stop))
                best.update(tile, row=first, column=start)
            advance(stop - start)
        columns, scores = best.result()
        lowest = scores[:, -1].double().cpu().numpy()
        return columns.cpu().numpy(), lowest, form._replace(slack=slack)

    def _order(self, candidates: Ints, k: int) -> tuple[Ints, Floats]:
        """The k best candidates by exact score, of equal ones the earlier."""
        columns = np.sort(candidates, axis=1)  # the empty places (-1) come first ...
        scores = np.full(columns.shape, -np.inf)
        row, place = (columns >= 0).nonzero()
        scores[row, place] = self._exact(row, columns[row, place])
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]  # ... and now last
        return np.take_along_axis(columns, order, 1), np.take_along_axis(scores, order, 1)

    def _search_exactly(
        self, rows: Ints, k: int, lowest: Floats | None, advance: Callable[[int], None]
    ) -> tuple[Ints, Floats]:
        """Score everything exactly that is not certainly below ``lowest`` (None: everything)."""
        columns, scores = np.full((len(rows), k), -1), np.full((len(rows), k), -np.inf)
        width = len(self._gallery) if lowest is None else max(_COLUMNS, 4 * k)
        for start, stop in self._gallery.spans(width):
            block, form = self._block(start, stop)
            for first, last in _blocks(len(rows), max(1, _EXACT_TILE // len(block))):
                mine, span = rows[first:last], slice(start, stop)
                chosen = torch.from_numpy(mine).to(block.device)
                if lowest is None:
                    tile = torch.zeros(len(mine), len(block), device=block.device)
                    self._hide(tile, rows=chosen, columns=span)
                    possible = tile == 0
                else:
                    tile = self._tile(chosen, block, form, span)
                    low = np.nextafter(lowest[first:last].astype(np.float32), np.float32(-np.inf))
                    possible = tile >= torch.from_numpy(low).to(tile.device)[:, None]
                row, column = possible.cpu().numpy().nonzero()
                exact = np.full(possible.shape, -np.inf)
                exact[row, column] = self._exact(mine[row], column + start)
                both = np.concatenate([scores[first:last], exact], axis=1)
                order = np.argsort(-both, axis=1, kind="stable")[:, :k]
                places = np.broadcast_to(np.arange(start, stop), exact.shape)
                names = np.concatenate([columns[first:last], places], axis=1)
                scores[first:last] = np.take_along_axis(both, order, 1)
                columns[first:last] = np.take_along_axis(names, order, 1)
            advance(stop - start)
        return np.where(scores > -np.inf, columns, -1), scores

    def _block(self, start: int, stop: int) -> tuple[Tensor, LinearForm]:
        block = self._gallery.rows(start, stop)
        if not self._squares_known:
            self._gallery_squares[start:stop] = self._squares("gallery", block)
        squares = self._gallery_squares[start:stop]
        roundoff = product_roundoff(block.device)
        return block, linear_form(
            self._metric, self._query_squares, squares, dim=block.shape[1], roundoff=roundoff
        )

    def _tile(
        self, rows: Tensor | slice, block: Tensor, form: LinearForm, columns: slice
    ) -> Tensor:
        """float32 scores, each within ``slack`` of the exact one in the units of ``form``."""
        tile = self._queries[rows] @ block.T
        scale, bias = (torch.from_numpy(x).to(tile) for x in (form.scale, form.bias))
        tile.mul_(scale).add_(bias)
        self._hide(tile, rows=rows, columns=columns)
        return tile

    def _in_units_of(self, form: LinearForm, exact: Floats) -> Floats:
        # An empty place has nothing certain; a query of length zero would make it 0 * inf.
        finite = np.where(np.isfinite(exact), exact, 0.0) * form.factor + form.shift
        return np.where(np.isfinite(exact), finite, -np.inf)

    def _exact(self, rows: Ints, columns: Ints) -> Floats:
        """Exact scores (n,) of pairs, a bounded number of gallery rows at a time."""
        scores = np.empty(len(rows))
        for first, last in _blocks(len(rows), max(1, _GATHERED // self._gallery.dim)):
            needed, place = np.unique(columns[first:last], return_inverse=True)
            block = self._gallery.take(needed)
            pair = rows[first:last], place.reshape(-1)
            dots = self._counting.pair_dots(self._queries, block, *pair)
            ours, theirs = self._query_squares[pair[0]], self._gallery_squares[columns[first:last]]
            if self._metric == "euclidean":
                scores[first:last] = 2.0 * dots - (ours + theirs)
            else:
                norms = np.sqrt(ours) * np.sqrt(theirs)
                scores[first:last] = np.divide(
                    dots, norms, out=np.zeros_like(dots), where=dots != 0
                )
        return scores

    def _squares(self, side: str, rows: Tensor) -> Floats:
        squares = self._counting.squared_norms(rows)
        if not (squares <= LARGEST_NORM**2).all():  # NaN compares false as well
            raise ValueError(
                f"the {side} embeddings hold values that are not finite, or are far too large; "
                "embed again"
            )
        return squares


def _blocks(count: int, size: int) -> Iterator[tuple[int, int]]:
    return ((start, min(start + size, count)) for start in range(0, count, size))
