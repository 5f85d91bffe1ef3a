"""Matrices read in blocks of rows of one dtype, without ever copying the whole."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

__all__ = ["FeatureBlocks", "pick_device"]

_NUMPY_DTYPES = {torch.float32: np.float32, torch.float64: np.float64}


class FeatureBlocks:
    """Rows of a matrix, as contiguous tensors of one dtype on one device.

    A C-contiguous array or memory map of that dtype on the CPU is handed out as a view.
    Everything else (half, bfloat16, strided, on another device) is converted block by block.

    Args:
        name: the argument's name, for error messages.
        source: ``(N, D)`` NumPy array, memory map or tensor of any float dtype.
        device: where the rows are wanted.
        dtype: what the rows are wanted in.

    Raises:
        ValueError: not a two-dimensional float matrix, or empty.
    """

    def __init__(
        self, name: str, source: Any, *, device: torch.device, dtype: torch.dtype = torch.float32
    ) -> None:
        if not isinstance(source, np.ndarray | Tensor):
            raise ValueError(
                f"{name} must be a NumPy array or a torch tensor, got {type(source).__name__}"
            )
        if source.ndim != 2 or 0 in source.shape:
            raise ValueError(
                f"{name} must be a non-empty (N, D) matrix, got shape {tuple(source.shape)}"
            )
        is_float = (
            source.dtype.kind == "f"
            if isinstance(source, np.ndarray)
            else source.dtype.is_floating_point
        )
        if not is_float:
            raise ValueError(f"{name} must hold floats, got {source.dtype}")
        self.name = name
        self.device = device
        self._dtype = dtype
        self._source = source.detach() if isinstance(source, Tensor) else source

    def __len__(self) -> int:
        return int(self._source.shape[0])

    @property
    def dim(self) -> int:
        """The number of columns, ``D``."""
        return int(self._source.shape[1])

    def rows(self, start: int, stop: int) -> Tensor:
        """Rows ``start`` to ``stop``: ``(stop - start, D)``."""
        return self._convert(self._source[start:stop])

    def take(self, indices: npt.NDArray[np.int64]) -> Tensor:
        """The rows at the ascending ``indices`` ``(n,)``; a view where they are consecutive."""
        first, last = int(indices[0]), int(indices[-1])
        if last - first + 1 == len(indices):
            return self.rows(first, last + 1)
        if isinstance(self._source, Tensor):
            return self._convert(self._source[torch.from_numpy(indices).to(self._source.device)])
        return self._convert(self._source[indices])

    def spans(self, size: int) -> Iterator[tuple[int, int]]:
        """Where consecutive blocks of at most ``size`` rows begin and end."""
        for start in range(0, len(self), size):
            yield start, min(start + size, len(self))

    def blocks(self, size: int) -> Iterator[tuple[int, Tensor]]:
        """Consecutive blocks of at most ``size`` rows, each with the index of its first row."""
        for start, stop in self.spans(size):
            yield start, self.rows(start, stop)

    def _convert(self, block: Any) -> Tensor:
        if isinstance(block, np.ndarray):
            # Doubles beyond float32 become infinite, which is refused with the row's number.
            with warnings.catch_warnings(), np.errstate(over="ignore"):
                # A read-only memory map is fine: nothing here writes to features.
                warnings.filterwarnings("ignore", message=".*not writable.*")
                block = torch.from_numpy(
                    np.ascontiguousarray(block, dtype=_NUMPY_DTYPES[self._dtype])
                )
        rows: Tensor = block.to(device=self.device, dtype=self._dtype).contiguous()
        return rows


def pick_device(device: str | torch.device | None, *sources: Any) -> torch.device:
    """The device to work on: the given one, else the first tensor's that is not on the CPU.

    Raises:
        ValueError: the device has no float64, which exact scores need.
    """
    chosen = torch.device("cpu")
    if device is not None:
        chosen = torch.device(device)
    else:
        for source in sources:
            if isinstance(source, Tensor) and source.device.type != "cpu":
                chosen = source.device
                break
    if chosen.type == "mps":
        raise ValueError("device mps has no float64, which exact scores need; pass device='cpu'")
    return chosen
