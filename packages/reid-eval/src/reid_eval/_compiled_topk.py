"""The k best columns of products that are seen block by block, by compiled loops on the CPU.

Imported only where it is needed: numba takes a moment to load. Scaling, comparing and keeping is
one pass over a product that is still in the cache. A row's best lie in a heap whose root is the
worst of them, so a score costs one comparison unless it enters.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reid_eval.metrics.compiled import CompiledBackend
from reid_eval.metrics.kernels import compiled_loop

__all__ = ["CompiledTopK"]

_CHUNK = 256
"""Scores that are scaled and compared at once, as vector code, in the L1 cache."""

_EMPTY = np.iinfo(np.int64).max


class CompiledTopK:
    """The k highest scores of each row so far, and their columns; of equal scores the earlier.

    Args:
        rows: number of rows.
        k: how many columns to keep; fewer columns than that leave empty places at the end.
        counting: whose threads share the work.
    """

    def __init__(self, rows: int, *, k: int, counting: CompiledBackend) -> None:
        self._scores = np.full((rows, k), -np.inf, np.float32)
        self._columns = np.full((rows, k), _EMPTY)
        self._counting = counting

    def update(
        self,
        products: Tensor,
        scale: NDArray[np.float32],
        bias: NDArray[np.float32],
        *,
        row: int,
        column: int,
    ) -> None:
        """Take in one block; blocks of one row come in the order of their columns.

        Args:
            products: float32 or bfloat16 (R, C); a score is ``product * scale + bias``. Minus
                infinity marks a column that is left out.
            scale: (C,).
            bias: (C,).
            row: of the whole matrix, where the block begins.
            column: of the whole matrix, where the block begins.
        """
        mine = slice(row, row + len(products))
        kernel: Any = _keep_best
        if products.dtype == torch.bfloat16:
            kernel, products = _keep_best_of_bfloat16, products.view(torch.int16)
        arrays = products.numpy(), scale, bias, column, self._scores[mine], self._columns[mine]
        self._counting.spread(kernel, len(products), *arrays)

    def result(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Columns int64 (rows, k) in no particular order, -1 in empty places; their scores."""
        return np.where(self._columns == _EMPTY, -1, self._columns), self._scores


@compiled_loop
def _offer(score: Any, column: Any, scores: Any, columns: Any) -> None:
    """Put an entry into a row's heap in place of the root, which is worse."""
    size, place = scores.shape[0], 0
    while 2 * place + 1 < size:
        worse, other = 2 * place + 1, 2 * place + 2
        if other < size and (
            scores[other] < scores[worse]
            or (scores[other] == scores[worse] and columns[other] > columns[worse])
        ):
            worse = other
        if scores[worse] > score or (scores[worse] == score and columns[worse] < column):
            break
        scores[place], columns[place] = scores[worse], columns[worse]
        place = worse
    scores[place], columns[place] = score, column


@compiled_loop
def _keep(chunk: Any, scale: Any, bias: Any, column: Any, scores: Any, columns: Any) -> None:
    """Scale the products of one row in place, and keep what is better than the row's worst."""
    worst, hits = scores[0], 0
    for i in range(chunk.shape[0]):
        # A column that is left out stays so, whatever its scale is.
        value = chunk[i] * scale[i] + bias[i] if chunk[i] > -np.inf else chunk[i]
        chunk[i] = value
        hits += value > worst
    if hits:
        for i in range(chunk.shape[0]):
            if chunk[i] > scores[0]:
                _offer(chunk[i], column + i, scores, columns)


@compiled_loop
def _keep_best(
    tile: Any, scale: Any, bias: Any, column: Any, scores: Any, columns: Any, first: Any, last: Any
) -> None:
    room = np.empty(_CHUNK, np.float32)
    for row in range(first, last):
        for left in range(0, tile.shape[1], _CHUNK):
            right = min(left + _CHUNK, tile.shape[1])
            chunk = room[: right - left]
            for i in range(right - left):
                chunk[i] = tile[row, left + i]
            _keep(
                chunk, scale[left:right], bias[left:right], column + left, scores[row], columns[row]
            )


@compiled_loop
def _keep_best_of_bfloat16(
    tile: Any, scale: Any, bias: Any, column: Any, scores: Any, columns: Any, first: Any, last: Any
) -> None:
    bits = np.empty(_CHUNK, np.int32)
    room = bits.view(np.float32)
    for row in range(first, last):
        for left in range(0, tile.shape[1], _CHUNK):
            right = min(left + _CHUNK, tile.shape[1])
            # A bfloat16 is the upper half of a float32.
            for i in range(right - left):
                bits[i] = np.int32(tile[row, left + i]) << 16
            _keep(
                room[: right - left],
                scale[left:right],
                bias[left:right],
                column + left,
                scores[row],
                columns[row],
            )
