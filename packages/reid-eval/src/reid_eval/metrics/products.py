"""Scores from features: exact ones for chosen pairs, tiles with an error bound for all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from reid_eval.metrics.bounds import (
    BFLOAT16,
    DOUBLE,
    LARGEST_NORM,
    SINGLE,
    LinearForm,
    linear_form,
    product_roundoff,
)
from reid_eval.metrics.features import FeatureBlocks
from reid_eval.metrics.options import Metric
from reid_eval.metrics.precision import Factor, TileProduct, as_factor, finer
from reid_eval.metrics.sharding import Shards
from reid_eval.metrics.streaming import CountingBackend, QueryRows
from reid_eval.metrics.tiles import COSINE, EUCLIDEAN, GalleryBlock

__all__ = ["ProductScores", "block_sizes"]

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]

_CODES = {"cosine": COSINE, "euclidean": EUCLIDEAN}
_TILE_BYTES = {"cpu": 2**24}  # stays in a last-level cache between product and counting
_TILE_BYTES_ELSEWHERE = 2**28
_MOST_UNDECIDED = 1 / 16  # beyond this share a finer product costs less than exact scores
_TALLEST, _NARROWEST, _WIDEST = 4096, 256, 16384


def block_sizes(
    query_block: int | None, gallery_block: int | None, *, queries: int, device: torch.device
) -> tuple[int, int]:
    """Queries and gallery rows of one tile; None chooses.

    Raises:
        ValueError: a size below 1.
    """
    for name, size in (("query_block", query_block), ("gallery_block", gallery_block)):
        if size is not None and size < 1:
            raise ValueError(f"{name} must be at least 1, or None to choose, got {size}")
    height = query_block or min(queries, _TALLEST)
    tile_bytes = _TILE_BYTES.get(device.type, _TILE_BYTES_ELSEWHERE)
    width = min(max(tile_bytes // (4 * height), _NARROWEST), _WIDEST) // _NARROWEST * _NARROWEST
    return height, gallery_block or width


class ProductScores:
    """Cosine similarities or negated squared distances of features, see ``ScoreSource``.

    Args:
        queries: ``(Q, D)``.
        gallery: ``(G, D)``.
        metric: which score.
        junk: of the whole gallery, true for rows that are left out for everyone.
        counting: computes exact scores.
        width: gallery rows of one tile.
        dtype: of the first products.
        shards: the processes that hold the gallery, of which ``gallery`` is this one's part.
        offset: gallery index of its first row.

    Raises:
        ValueError: other numbers of columns, values that are not finite, or far too large.
    """

    def __init__(
        self,
        queries: FeatureBlocks,
        gallery: FeatureBlocks,
        *,
        metric: Metric,
        junk: npt.NDArray[np.bool_],
        counting: CountingBackend,
        width: int,
        dtype: torch.dtype,
        shards: Shards,
        offset: int,
    ) -> None:
        if queries.dim != gallery.dim:
            raise ValueError(
                f"{queries.name} and {gallery.name} must have equally many columns, "
                f"got {queries.dim} and {gallery.dim}"
            )
        self.code = _CODES[metric]
        self._queries, self._gallery = queries, gallery
        self._metric: Metric = metric
        self._junk = junk[offset : offset + len(gallery)]
        self._counting = counting
        self._width = width
        self._dtype = dtype
        self._shards, self._offset = shards, offset
        self._query_squares = _squared_norms(counting, queries, width)
        self._gallery_squares = _squared_norms(counting, gallery, width)

    def load(self, run: _Ints) -> QueryRows:
        """The queries at the ascending indices ``run``."""
        squares = self._query_squares[run]
        return QueryRows(self._queries.take(run), squares, self._term(squares))

    def _term(self, squares: _Floats) -> _Floats:
        return np.sqrt(squares) if self._metric == "cosine" else squares

    def exact_scores(self, rows: QueryRows, query: _Ints, column: _Ints) -> _Floats:
        """Exact scores ``(N,)`` of pairs; reads only the gallery blocks that they touch."""
        here = (column >= self._offset) & (column < self._offset + len(self._gallery))
        scores = np.zeros(len(query))
        scores[here] = self._own_scores(rows, query[here], column[here] - self._offset)
        return self._shards.sum(scores)

    def _own_scores(self, rows: QueryRows, query: _Ints, column: _Ints) -> _Floats:
        dots = np.empty(len(query), dtype=np.float64)
        order = np.argsort(column, kind="stable")
        edges = np.arange(0, len(self._gallery) + self._width, self._width)
        bounds = np.searchsorted(column[order], edges)
        for i in np.flatnonzero(np.diff(bounds)):
            chosen = order[bounds[i] : bounds[i + 1]]
            start = int(edges[i])
            block = self._gallery.rows(start, min(start + self._width, len(self._gallery)))
            dots[chosen] = self._counting.pair_dots(
                rows.features, block, query[chosen], column[chosen] - start
            )
        left, right = rows.term[query], self._term(self._gallery_squares[column])
        if self.code == EUCLIDEAN:
            return 2.0 * dots - (left + right)
        return np.divide(dots, left * right, out=np.zeros_like(dots), where=dots != 0)

    def tiles(self, rows: QueryRows) -> Iterator[tuple[Tensor, GalleryBlock]]:
        """Products of the run with consecutive gallery blocks, in memory that is used again."""
        query_norms = np.sqrt(rows.squares)
        multiply = TileProduct(len(rows.features), min(self._width, len(self._gallery)))
        left = as_factor(rows.features, query_norms, self._dtype)
        for start, block in self._gallery.blocks(self._width):
            if left.rows.dtype != self._dtype:
                left = as_factor(rows.features, query_norms, self._dtype)
            squares = self._gallery_squares[start : start + len(block)]
            right = as_factor(block, np.sqrt(squares), self._dtype)
            tile = multiply(left.rows, right.rows)
            form, grain = self._form(left, right, rows.squares, squares)
            yield (
                tile,
                GalleryBlock(
                    offset=self._offset + start,
                    grain=grain,
                    rows=block,
                    term=self._term(squares),
                    scale=form.scale,
                    bias=np.where(self._junk[start : start + len(block)], -np.inf, form.bias),
                    factor=form.factor,
                    shift=form.shift,
                    slack=form.slack,
                ),
            )

    def _form(
        self, left: Factor, right: Factor, query_squares: _Floats, gallery_squares: _Floats
    ) -> tuple[LinearForm, float]:
        """How entries relate to exact scores, and their grain; see `GalleryBlock`."""
        dtype = left.rows.dtype
        other = float(right.residue.max())
        roundoff = left.residue + other + left.residue * other
        if dtype == torch.float32:
            roundoff = np.full_like(roundoff, product_roundoff(left.rows.device))
        grain = BFLOAT16 if dtype == torch.bfloat16 else 0.0
        form = linear_form(
            self._metric,
            query_squares,
            gallery_squares,
            dim=self._gallery.dim,
            roundoff=roundoff,
            unit=DOUBLE if dtype == torch.float64 else SINGLE,
            grain=grain,
        )
        return form, grain

    def note_undecided(self, share: float) -> None:
        """Make the next products in a finer dtype if this one left too much undecided."""
        if share > _MOST_UNDECIDED:
            self._dtype = finer(self._dtype)

    def total(self, counts: _Ints) -> _Ints:
        """The sum of the counts of all processes."""
        return self._shards.sum(counts)


def _squared_norms(counting: CountingBackend, features: FeatureBlocks, size: int) -> _Floats:
    squares = np.concatenate([counting.squared_norms(block) for _, block in features.blocks(size)])
    broken = np.flatnonzero(~np.isfinite(squares))
    if len(broken):
        raise ValueError(
            f"{features.name} must be finite in float32, but {len(broken)} of {len(squares)} rows "
            f"hold NaN or infinity, first row {broken[0]}; embed those images again or drop them"
        )
    large = np.flatnonzero(squares > LARGEST_NORM**2)
    if len(large):
        raise ValueError(
            f"{features.name} must have norms up to {LARGEST_NORM:g}, but row {large[0]} has "
            f"{np.sqrt(squares[large[0]]):g}; divide all features by one number"
        )
    return squares
