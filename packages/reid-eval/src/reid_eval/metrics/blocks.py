"""Rows of a matrix that is never whole: blocks arrive in order and are forgotten in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

__all__ = ["StreamedRows"]


class StreamedRows:
    """Rows that are taken in ascending order, out of blocks that come in ascending order.

    Args:
        blocks: slices of consecutive rows from 0 on, with these rows ``(b, D)``.
        shape: the ``(N, D)`` of the whole.
        device: where the rows are wanted.
    """

    def __init__(
        self,
        blocks: Iterable[tuple[slice, Tensor]],
        *,
        shape: tuple[int, int],
        device: torch.device,
    ) -> None:
        self.dim = shape[1]
        self._count = shape[0]
        self._device = device
        self._blocks = iter(blocks)
        self._held: deque[Tensor] = deque()
        self._first = self._end = 0

    def __len__(self) -> int:
        return self._count

    def take(self, indices: npt.NDArray[np.int64]) -> Tensor:
        """The rows at the ascending ``indices`` ``(n,)``, none before those of an earlier call.

        Raises:
            ValueError: the blocks do not follow each other, are too few, or not ``(b, D)``.
        """
        first, last = int(indices[0]), int(indices[-1])
        while self._end <= last:
            self._pull()
        while self._first + len(self._held[0]) <= first:
            self._first += len(self._held.popleft())
        rows = self._held[0] if len(self._held) == 1 else torch.cat(list(self._held))
        return rows[torch.from_numpy(indices - self._first).to(self._device)]

    def _pull(self) -> None:
        rows, block = next(self._blocks, (slice(-1, -1), torch.empty(0, self.dim)))
        if rows.start != self._end or tuple(block.shape) != (rows.stop - rows.start, self.dim):
            raise ValueError(
                f"expected blocks of all {self._count} queries in order, {self.dim} wide; "
                f"after query {self._end} came {tuple(block.shape)} for {rows.start}:{rows.stop}"
            )
        kind = torch.float64 if block.dtype == torch.float64 else torch.float32
        self._held.append(block.to(self._device, kind))
        self._end = rows.stop
