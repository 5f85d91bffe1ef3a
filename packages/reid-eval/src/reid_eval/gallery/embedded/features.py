"""Rows of several mapped files as one matrix, without putting them together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["ChosenRows"]

_WORTH_PICKING = 0.5
"""Where fewer rows of a file are wanted, they are picked out; else the others are hidden."""


class ChosenRows:
    """Some rows, in ascending order, of matrices that lie behind one another.

    Args:
        matrices: (N_i, D) each, of float32 or float16.
        chosen: positions of the wanted rows in all matrices, ascending.

    Attributes:
        device: where the rows are handed out.
        dim: D.
        positions: (M,) the rows that are here; all that are wanted, and perhaps others.
        hidden: (M,) whether a row is one of those others; None if there are none.
    """

    def __init__(self, matrices: Sequence[NDArray[Any]], chosen: NDArray[np.int64]) -> None:
        self.device = torch.device("cpu")
        self.dim = int(matrices[0].shape[1]) if matrices else 0
        self._parts: list[tuple[Tensor, Tensor | None]] = []
        self._starts = [0]
        positions, hidden, first = list[NDArray[np.int64]](), list[NDArray[np.bool_]](), 0
        for matrix in matrices:
            last = first + len(matrix)
            wanted = chosen[slice(*np.searchsorted(chosen, [first, last]))] - first
            picked = len(wanted) < _WORTH_PICKING * len(matrix)
            here = wanted if picked else np.arange(len(matrix))
            hide = np.zeros(len(here), bool)
            if not picked:
                hide[:] = True
                hide[wanted] = False
            if len(here):
                source = torch.from_numpy(matrix)
                self._parts.append((source, torch.from_numpy(here) if picked else None))
                self._starts.append(self._starts[-1] + len(here))
                positions.append(here + first)
                hidden.append(hide)
            first = last
        self.positions = np.concatenate([np.empty(0, np.int64), *positions])
        others = np.concatenate([np.empty(0, bool), *hidden])
        self.hidden = torch.from_numpy(others) if others.any() else None

    def __len__(self) -> int:
        return self._starts[-1]

    def spans(self, size: int) -> Iterator[tuple[int, int]]:
        """Runs of at most ``size`` rows that lie in one file."""
        for start, stop in zip(self._starts[:-1], self._starts[1:], strict=True):
            for first in range(start, stop, size):
                yield first, min(first + size, stop)

    def rows(self, start: int, stop: int) -> Tensor:
        """Rows ``start`` to ``stop`` as float32; a view where they are a run of a float32 file."""
        blocks = []
        for (source, picked), begin, end in self._walk():
            first, last = max(start, begin) - begin, min(stop, end) - begin
            if first < last:
                span = slice(first, last)
                blocks.append(
                    source[span] if picked is None else source.index_select(0, picked[span])
                )
        return _joined(blocks)

    def take(self, indices: NDArray[np.int64]) -> Tensor:
        """The rows at ascending ``indices``, as float32."""
        blocks = []
        for (source, picked), begin, end in self._walk():
            part = indices[slice(*np.searchsorted(indices, [begin, end]))] - begin
            if len(part):
                rows = torch.from_numpy(part)
                blocks.append(source.index_select(0, rows if picked is None else picked[rows]))
        return _joined(blocks)

    def hide(self, scores: Tensor, *, rows: Tensor | slice, columns: slice) -> None:  # noqa: ARG002
        """Set the scores (R, C) of rows that are not wanted to minus infinity, in place."""
        if self.hidden is not None:
            scores.masked_fill_(self.hidden[columns], -torch.inf)

    def _walk(self) -> Iterator[tuple[tuple[Tensor, Tensor | None], int, int]]:
        return zip(self._parts, self._starts[:-1], self._starts[1:], strict=True)


def _joined(blocks: list[Tensor]) -> Tensor:
    return (blocks[0] if len(blocks) == 1 else torch.cat(blocks)).float()
