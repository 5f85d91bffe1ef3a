"""Exact nearest neighbours of feature matrices, streamed by blocks.

The order is the one that the metrics define: scores are exact, and equal ones keep the order of
the gallery. A fast product, of bfloat16 factors where the processor is good at it and else of
float32, finds a few more candidates than are asked for; these are scored exactly. Where the error
bound of [`reid_eval.metrics.bounds`][] says that a better one might have been missed, the query is
looked at again, more closely. So the result does not depend on blocks, threads or device.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from reid_eval._candidates import (
    Hide,
    Products,
    find_candidates,
    in_units_of,
    scale_by,
)
from reid_eval._pairs import Floats, Ints, Pairs, Rows, blocks
from reid_eval.metrics.features import FeatureBlocks
from reid_eval.metrics.options import Metric
from reid_eval.metrics.precision import pick_dtype
from reid_eval.metrics.streaming import CountingBackend

__all__ = ["Hide", "Nearest", "Rows"]

_COLUMNS = 1 << 14
_EXACT_TILE = 1 << 21
# Candidates beyond those that are asked for: so many, and this share of those.
_SPARE = {torch.float32: (16, 0.25), torch.bfloat16: (64, 1.0)}


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
        self._pairs = Pairs(
            queries, gallery, metric=metric, counting=counting, gallery_squares=gallery_squares
        )
        self._counting, self._hide = counting, hide

    def find(self, k: int, *, advance: Callable[[int], None]) -> tuple[Ints, Floats]:
        """Gallery rows int64 (Q, k), best first, and their exact scores float64 (Q, k).

        Places that stay empty because too much is hidden hold -1 and minus infinity.
        """
        count = len(self._pairs.queries)
        columns, scores = np.full((count, k), -1), np.full((count, k), -np.inf)
        rows = np.arange(count)
        for dtype, kept in self._rounds(k):
            found = find_candidates(
                self._pairs,
                rows,
                kept,
                dtype,
                hide=self._hide,
                counting=self._counting,
                advance=advance,
            )
            columns[rows], scores[rows] = self._order(rows, found.columns, k)
            rows = rows[found.may_lack(scores[rows, -1])]
            advance = _in_silence
            if not len(rows):
                break
        if len(rows):
            columns[rows], scores[rows] = self._search_exactly(rows, scores[rows, -1], k, advance)
        return columns, scores

    def _rounds(self, k: int) -> list[tuple[torch.dtype, int]]:
        """The dtypes to multiply in, one after the other, and how many candidates to keep."""
        size, device = len(self._pairs.gallery), self._pairs.queries.device
        dim, pairs = self._pairs.gallery.dim, len(self._pairs.queries) * size
        first = pick_dtype("auto", device, scores=pairs, dim=dim)
        rounds = []
        for dtype in dict.fromkeys((first, torch.float32)):
            spare, share = _SPARE[dtype]
            kept = k + max(spare, int(share * k))
            if kept < size:
                rounds.append((dtype, kept))
        return rounds

    def _order(self, rows: Ints, candidates: Ints, k: int) -> tuple[Ints, Floats]:
        """The k best candidates by exact score, of equal ones the earlier."""
        columns = np.sort(candidates, axis=1)  # the empty places (-1) come first ...
        scores = np.full(columns.shape, -np.inf)
        row, place = (columns >= 0).nonzero()
        scores[row, place] = self._pairs.exact(rows[row], columns[row, place])
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]  # ... and now last
        return np.take_along_axis(columns, order, 1), np.take_along_axis(scores, order, 1)

    def _search_exactly(
        self, rows: Ints, lowest: Floats, k: int, advance: Callable[[int], None]
    ) -> tuple[Ints, Floats]:
        """Score everything exactly that is not certainly below ``lowest`` (N,), for N queries."""
        columns, scores = np.full((len(rows), k), -1), np.full((len(rows), k), -np.inf)
        products = Products(self._pairs, rows, torch.float32)
        chosen = torch.from_numpy(rows).to(self._pairs.queries.device)
        for start, stop in self._pairs.gallery.spans(max(_COLUMNS, 4 * k)):
            block, form = products.block(start, stop)
            least = (in_units_of(form, lowest) - form.slack).astype(np.float32)
            low = torch.from_numpy(np.nextafter(least, np.float32(-np.inf))).to(block.device)
            for first, last in blocks(len(rows), max(1, _EXACT_TILE // len(block))):
                tile = scale_by(form, products.tile(first, last, block))
                self._hide(tile, rows=chosen[first:last], columns=slice(start, stop))
                possible = (tile >= low[first:last, None]) & (tile > -torch.inf)
                row, column = possible.cpu().numpy().nonzero()
                exact = np.full(possible.shape, -np.inf)
                exact[row, column] = self._pairs.exact(rows[first:last][row], column + start)
                both = np.concatenate([scores[first:last], exact], axis=1)
                order = np.argsort(-both, axis=1, kind="stable")[:, :k]
                places = np.broadcast_to(np.arange(start, stop), exact.shape)
                names = np.concatenate([columns[first:last], places], axis=1)
                scores[first:last] = np.take_along_axis(both, order, 1)
                columns[first:last] = np.take_along_axis(names, order, 1)
            advance(stop - start)
        return np.where(scores > -np.inf, columns, -1), scores


def _in_silence(rows: int) -> None:
    """Progress counts the gallery once."""
    del rows
