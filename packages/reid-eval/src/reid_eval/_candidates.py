"""Which gallery rows may be among a query's best: products that are fast, with a known error."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from reid_eval._pairs import Floats, Ints, Pairs, blocks
from reid_eval._topk import RunningTopK
from reid_eval.metrics.bounds import BFLOAT16, LinearForm, linear_form, product_roundoff
from reid_eval.metrics.compiled import CompiledBackend
from reid_eval.metrics.precision import Factor, as_factor
from reid_eval.metrics.streaming import CountingBackend

__all__ = ["Candidates", "Hide", "Products", "find_candidates", "in_units_of", "scale_by"]

_COLUMNS = 1 << 14
_TILE = 1 << 24
_HideTile = Callable[[Tensor], None]
_WORTH_COMPILING = 1 << 22  # scores; fewer are sorted by torch before compiled code is loaded


class Hide(Protocol):
    """Sets the forbidden entries of a block of scores to minus infinity."""

    def __call__(self, scores: Tensor, *, rows: Tensor | slice, columns: slice) -> None:
        """Change the scores (R, C) of these queries and these gallery rows, in place."""


class Candidates(NamedTuple):
    """The columns with the best approximate scores.

    An approximate score lies within ``slack + grain |t|`` of ``t = exact score * factor + shift``.

    Attributes:
        columns: (N, K) in no particular order, -1 in empty places.
        last: (N,) approximate scores; no column that was left out has a better one.
        form: relates approximate to exact scores, with the largest slack (N,).
        grain: see above.
    """

    columns: Ints
    last: Floats
    form: LinearForm
    grain: float

    def may_lack(self, exact: Floats) -> Ints:
        """The rows (of N) of which a column that was left out may reach ``exact`` (N,)."""
        least = in_units_of(self.form, exact)
        least = least - self.form.slack - self.grain * np.abs(least)
        return np.flatnonzero((self.last > -np.inf) & ~(least > self.last))


class Products:
    """Approximate scores of chosen queries and blocks of the gallery.

    Args:
        pairs: the queries and the gallery.
        rows: the N chosen queries, ascending.
        dtype: of the factors, float32 or bfloat16.
    """

    def __init__(self, pairs: Pairs, rows: Ints, dtype: torch.dtype) -> None:
        self._pairs, self._dtype = pairs, dtype
        everyone = len(rows) == len(pairs.queries)
        chosen = torch.from_numpy(rows).to(pairs.queries.device)
        self._squares = pairs.query_squares[rows]
        self._left = as_factor(
            pairs.queries if everyone else pairs.queries[chosen], np.sqrt(self._squares), dtype
        )
        self._buffer = pairs.queries.new_empty(0, dtype=dtype)
        self.grain = BFLOAT16 if dtype == torch.bfloat16 else 0.0

    def block(self, start: int, stop: int) -> tuple[Tensor, LinearForm]:
        """Gallery rows as a factor, and what their products with all N queries mean."""
        rows, squares = self._pairs.block(start, stop)
        right = as_factor(rows, np.sqrt(squares), self._dtype)
        form = linear_form(
            self._pairs.metric,
            self._squares,
            squares,
            dim=rows.shape[1],
            roundoff=self._roundoff(right),
            grain=self.grain,
        )
        return right.rows, form

    def tile(self, first: int, last: int, block: Tensor) -> Tensor:
        """Products of queries ``first`` to ``last``; the next call writes over them."""
        size = (last - first) * len(block)
        if len(self._buffer) < size:
            self._buffer = self._buffer.new_empty(size)
        tile = self._buffer[:size].view(last - first, len(block))
        return torch.mm(self._left.rows[first:last], block.T, out=tile)

    def _roundoff(self, right: Factor) -> float | Floats:
        if self._dtype == torch.float32:
            return product_roundoff(right.rows.device)
        other = float(right.residue.max())
        return self._left.residue + other + self._left.residue * other


def find_candidates(
    pairs: Pairs,
    rows: Ints,
    kept: int,
    dtype: torch.dtype,
    *,
    hide: Hide,
    counting: CountingBackend,
    advance: Callable[[int], None],
) -> Candidates:
    """The ``kept`` columns with the best approximate scores, of each of N queries.

    Args:
        pairs: the queries and the gallery.
        rows: the N queries, ascending.
        kept: K.
        dtype: of the factors of the products, float32 or bfloat16.
        hide: hides the pairs that may not answer each other.
        counting: whose threads sort, where that is worth loading compiled code.
        advance: called with the number of gallery rows just compared.
    """
    count, slack = len(rows), np.zeros(len(rows))
    products = Products(pairs, rows, dtype)
    best = _keeper(pairs, count, kept, counting)
    chosen = torch.from_numpy(rows).to(pairs.queries.device)
    for start, stop in pairs.gallery.spans(max(_COLUMNS, 4 * kept)):
        block, form = products.block(start, stop)
        slack = np.maximum(slack, form.slack)
        for first, last in blocks(count, max(1, _TILE // len(block))):
            tile = products.tile(first, last, block)
            hidden = partial(hide, rows=chosen[first:last], columns=slice(start, stop))
            best.update(tile, form, hidden, row=first, column=start)
        advance(stop - start)
    columns, last_scores = best.result()
    return Candidates(columns, last_scores, form._replace(slack=slack), products.grain)


def scale_by(form: LinearForm, products: Tensor) -> Tensor:
    """Approximate scores of products, in place."""
    scale, bias = (torch.from_numpy(each).to(products) for each in (form.scale, form.bias))
    return products.mul_(scale).add_(bias)


def in_units_of(form: LinearForm, exact: Floats) -> Floats:
    """Exact scores (N,) as approximate ones would be without error; minus infinity stays so."""
    # An empty place has nothing certain; a query of length zero would make it 0 * inf.
    finite = np.where(np.isfinite(exact), exact, 0.0) * form.factor + form.shift
    return np.where(np.isfinite(exact), finite, -np.inf)


class _Keeper(Protocol):
    """Keeps the best columns of tiles that come one by one."""

    def update(
        self, tile: Tensor, form: LinearForm, hide: _HideTile, *, row: int, column: int
    ) -> None: ...

    def result(self) -> tuple[Ints, Floats]: ...


class _SortingKeeper:
    """With torch, on any device."""

    def __init__(self, rows: int, kept: int, device: torch.device) -> None:
        self._best = RunningTopK(rows, k=kept, device=device)

    def update(
        self, tile: Tensor, form: LinearForm, hide: _HideTile, *, row: int, column: int
    ) -> None:
        scores = scale_by(form, tile.float())
        hide(scores)
        self._best.update(scores, row=row, column=column)

    def result(self) -> tuple[Ints, Floats]:
        columns, scores = self._best.result()
        return columns.cpu().numpy(), scores[:, -1].double().cpu().numpy()


class _CompiledKeeper:
    """With compiled code, in one pass over a tile; on the CPU."""

    def __init__(self, rows: int, kept: int, counting: CompiledBackend) -> None:
        from reid_eval._compiled_topk import CompiledTopK

        self._best = CompiledTopK(rows, k=kept, counting=counting)

    def update(
        self, tile: Tensor, form: LinearForm, hide: _HideTile, *, row: int, column: int
    ) -> None:
        hide(tile)
        scale, bias = form.scale.astype(np.float32), form.bias.astype(np.float32)
        self._best.update(tile, scale, bias, row=row, column=column)

    def result(self) -> tuple[Ints, Floats]:
        columns, scores = self._best.result()
        return columns, scores.min(axis=1).astype(np.float64)


def _keeper(pairs: Pairs, count: int, kept: int, counting: CountingBackend) -> _Keeper:
    if isinstance(counting, CompiledBackend) and count * len(pairs.gallery) >= _WORTH_COMPILING:
        return _CompiledKeeper(count, kept, counting)
    return _SortingKeeper(count, kept, pairs.queries.device)
