"""Earlier drawings, shown to a discriminator again so that it does not forget them."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["DrawingHistory"]


class DrawingHistory:
    """Keeps some rows that came by, and hands out an earlier one for half of those that come.

    Args:
        size: rows to keep; 0 keeps none.

    Source: Shrivastava et al., CVPR 2017, as CycleGAN's and PATN's code do it.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: list[tuple[Tensor, ...]] = []

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()

    def swap(self, *rows: Tensor) -> tuple[Tensor, ...]:
        """Tensors of the same rows, some of them replaced by earlier ones.

        Args:
            rows: each (B, ...), such as drawings and what they are judged beside.
        """
        if not self._size:
            return rows
        given = []
        # Row by row, for each may take the place of the one before.
        for row in zip(*(tensor.detach() for tensor in rows), strict=True):
            if len(self._kept) < self._size:
                self._kept.append(row)
                given.append(row)
            elif torch.rand(()) < 0.5:
                at = int(torch.randint(self._size, ()))
                given.append(self._kept[at])
                self._kept[at] = row
            else:
                given.append(row)
        return tuple(torch.stack(column) for column in zip(*given, strict=True))
