"""The k best columns of a score matrix that is seen block by block, ties by column index."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["RunningTopK"]

_LOW = 0xFFFFFFFF
_EMPTY = -(1 << 63)


class RunningTopK:
    """The k highest scores of each row so far, and their columns, on one device.

    ``torch.topk`` promises nothing about ties, so a score and its column are packed into one
    int64 key: the score's order in the high 32 bits, the column, counted backwards, in the low.
    Keys are distinct, higher is better, and of equal scores the earlier column wins. A score of
    minus infinity marks a column that is left out.

    Args:
        rows: number of rows.
        k: how many columns to keep; fewer columns than that leave empty places at the end.
        device: where the blocks live.
    """

    def __init__(self, rows: int, *, k: int, device: torch.device) -> None:
        self._keys = torch.full((rows, k), _EMPTY, dtype=torch.int64, device=device)

    def update(self, scores: Tensor, *, row: int, column: int) -> None:
        """Take in one block.

        Args:
            scores: float32 (R, C), finite or minus infinity.
            row: of the whole matrix, where the block begins.
            column: of the whole matrix, where the block begins.
        """
        mine = self._keys[row : row + len(scores)]
        keys = _best_keys(scores, mine.shape[1], column)
        if column:
            keys = torch.cat([mine, keys], dim=1)
        keys = keys.sort(dim=1, descending=True).values[:, : mine.shape[1]]
        mine[:, : keys.shape[1]] = keys

    def result(self) -> tuple[Tensor, Tensor]:
        """Columns int64 (rows, k), -1 in empty places, and scores float32, -inf there."""
        empty = self._keys == _EMPTY
        columns = _LOW - (self._keys & _LOW)
        order = (self._keys >> 32).to(torch.int32)
        scores = _flip_negative(order).view(torch.float32)
        return columns.masked_fill(empty, -1), scores.masked_fill(empty, -torch.inf)


def _best_keys(scores: Tensor, k: int, column: int) -> Tensor:
    """Keys of each row's k best scores, in no particular order."""
    if k + 1 >= scores.shape[1]:
        return _all_keys(scores, column)
    # Floats are several times faster to select from than keys, so keys are made of the selected
    # ones only, unless the k-th and the next score are equal and the choice was arbitrary.
    values, columns = scores.topk(k + 1, dim=1)
    keys = _pack(values[:, :k], columns[:, :k] + column)
    last = values[:, k - 1]
    arbitrary = ((last == values[:, k]) & (last > -torch.inf)).nonzero()[:, 0]
    if len(arbitrary):
        keys[arbitrary] = _all_keys(scores[arbitrary], column).topk(k, dim=1).values
    return keys


def _all_keys(scores: Tensor, column: int) -> Tensor:
    columns = torch.arange(column, column + scores.shape[1], device=scores.device)
    return _pack(scores, columns.expand_as(scores))


def _pack(scores: Tensor, columns: Tensor) -> Tensor:
    # Adding zero makes one zero of the two; the bits of a non-negative float sort as they are.
    order = _flip_negative((scores + 0.0).view(torch.int32)).to(torch.int64)
    keys = order.mul_(1 << 32).add_(_LOW - columns)
    return keys.masked_fill_(scores == -torch.inf, _EMPTY)


def _flip_negative(bits: Tensor) -> Tensor:
    """Between a float32's bits and an int32 that sorts like it; its own inverse."""
    return bits ^ ((bits >> 31) & 0x7FFFFFFF)
