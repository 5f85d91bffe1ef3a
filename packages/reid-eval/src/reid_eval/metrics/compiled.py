"""Counting with compiled kernels on the CPU: the fast path."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from reid_eval.metrics.tiles import GalleryBlock, QueryBlock

__all__ = ["CompiledBackend"]

_Floats = npt.NDArray[np.float64]
_PARTS_PER_WORKER, _SMALLEST_PART = 4, 8


class CompiledBackend:
    """See `CountingBackend`."""

    def __init__(self) -> None:
        from reid_eval.metrics import kernels

        self._kernels = kernels
        self._workers = torch.get_num_threads()
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="reid-eval-count")

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def squared_norms(self, rows: Tensor) -> _Floats:
        """Exact squared norms of ``(n, D)`` rows: ``(n,)``."""
        out = np.empty(len(rows), dtype=np.float64)
        self.spread(self._kernels.squared_norms, len(out), rows.numpy(), out)
        return out

    def pair_dots(
        self, queries: Tensor, rows: Tensor, query: npt.NDArray[Any], row: npt.NDArray[Any]
    ) -> _Floats:
        """Exact products of ``queries[query]`` and ``rows[row]``: ``(n,)``."""
        out = np.empty(len(query), dtype=np.float64)
        arrays = queries.numpy(), rows.numpy(), query, row
        self.spread(self._kernels.pair_dots, len(out), *arrays, out)
        return out

    def place(self, block: QueryBlock) -> QueryBlock:
        """The block as this backend's own arrays."""
        return block._replace(queries=block.queries.numpy())

    def count_above(
        self,
        tile: Tensor,
        block: QueryBlock,
        gallery: GalleryBlock,
        *,
        ties: int,
        metric: int,
        counts: npt.NDArray[np.int64],
    ) -> int:
        """Add this tile's counts; returns how many entries their exact score decided."""
        scores = tile.numpy()
        own = gallery._replace(
            rows=gallery.rows.numpy(),
            scale=gallery.scale.astype(scores.dtype),
            bias=gallery.bias.astype(scores.dtype),
        )
        kernel = self._kernels.count_rows
        return sum(self.spread(kernel, len(scores), scores, block, own, ties, metric, counts))

    def spread(self, kernel: Callable[..., Any], size: int, *arguments: Any) -> list[Any]:
        """What ``kernel(*arguments, first, last)`` gives for ranges that cover ``size`` items."""
        parts = min(size // _SMALLEST_PART, self._workers * _PARTS_PER_WORKER)
        if parts < 2:
            return [kernel(*arguments, 0, size)] if size else []
        edges = np.linspace(0, size, parts + 1, dtype=np.int64).tolist()
        jobs = [
            self._pool.submit(kernel, *arguments, first, last) for first, last in pairwise(edges)
        ]
        return [job.result() for job in jobs]
