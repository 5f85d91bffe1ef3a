"""Matrix products in bfloat16, float32 or float64: each step costs more and leaves less undecided.

On processors with bfloat16 instructions a product of bfloat16 takes a small part of the time of a
float32 one, and the bounds of `reid_eval.metrics.bounds` say which pairs it decides.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from reid_eval.metrics.bounds import residue
from reid_eval.metrics.options import Precision

__all__ = ["Factor", "TileProduct", "as_factor", "finer", "pick_dtype"]

_Floats = npt.NDArray[np.float64]

_FINER = {torch.bfloat16: torch.float32, torch.float32: torch.float64}
_WORTH_A_TRIAL = 2**33  # multiplications of the whole work; a trial costs a few milliseconds
_TRIAL_ROWS, _TRIALS = 256, 3
_WORTH_BFLOAT16 = 0.6  # of the time of float32, for some pairs are scored once more


class Factor(NamedTuple):
    """One side of a product.

    Attributes:
        rows: ``(n, D)`` in the dtype of the product.
        residue: ``(n,)`` how much of each row's length rounding to that dtype took or added.
    """

    rows: Tensor
    residue: _Floats


def as_factor(rows: Tensor, norms: _Floats, dtype: torch.dtype) -> Factor:
    """Rows ``(n, D)`` float32 of known norms ``(n,)`` in the dtype of a product."""
    own = rows.to(dtype)
    if dtype == torch.bfloat16:
        return Factor(own, residue(rows, own, norms))
    return Factor(own, np.zeros_like(norms))


class TileProduct:
    """Products of one height and at most one width, in memory that is used again.

    Args:
        height: rows of the left factors.
        width: most rows of a right factor.
    """

    def __init__(self, height: int, width: int) -> None:
        self._height, self._most = height, height * width
        self._buffers: dict[torch.dtype, Tensor] = {}

    def __call__(self, left: Tensor, right: Tensor) -> Tensor:
        """``(height, n)`` in float32, or float64 of such factors; overwritten by the next call."""
        tile = self._buffer(left, left.dtype, len(right))
        torch.mm(left, right.T, out=tile)
        if left.dtype != torch.bfloat16:
            return tile
        return self._buffer(left, torch.float32, len(right)).copy_(tile)

    def _buffer(self, like: Tensor, dtype: torch.dtype, width: int) -> Tensor:
        if dtype not in self._buffers:
            self._buffers[dtype] = like.new_empty(self._most, dtype=dtype)
        return self._buffers[dtype][: self._height * width].view(self._height, width)


def finer(dtype: torch.dtype) -> torch.dtype:
    """The next dtype that leaves less undecided."""
    return _FINER.get(dtype, dtype)


def pick_dtype(precision: Precision, device: torch.device, *, scores: int, dim: int) -> torch.dtype:
    """The dtype of the first products.

    Args:
        precision: ``"auto"`` tries whether bfloat16 is much faster here, if there is much to do.
        device: where the features are.
        scores: how many scores there are to compute.
        dim: the number of columns, ``D``.

    Raises:
        ValueError: ``"bf16"`` for a device that is not the CPU.
    """
    if precision == "bf16" and device.type != "cpu":
        raise ValueError(f"precision 'bf16' works on the CPU, got device {device}; use 'fp32'")
    if precision == "auto" and device.type == "cpu" and scores * dim >= _WORTH_A_TRIAL:
        fast, slow = (_trial(dtype, dim) for dtype in (torch.bfloat16, torch.float32))
        return torch.bfloat16 if fast < _WORTH_BFLOAT16 * slow else torch.float32
    return torch.bfloat16 if precision == "bf16" else torch.float32


def _trial(dtype: torch.dtype, dim: int) -> float:
    """Seconds that a small product takes once everything is loaded."""
    rows = torch.ones(_TRIAL_ROWS, dim, dtype=dtype)
    out = torch.empty(_TRIAL_ROWS, _TRIAL_ROWS, dtype=dtype)
    spent = []
    for _ in range(1 + _TRIALS):
        start = time.perf_counter()
        torch.mm(rows, rows.T, out=out)
        spent.append(time.perf_counter() - start)
    return min(spent[1:])
