"""Rows of all processes, so that pairs are found across them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch import distributed as dist

__all__ = ["gather_rows"]


def gather_rows(rows: Tensor) -> Tensor:
    """Everybody's rows, by rank; the same on every process.

    In the backward pass each process sums up what all processes derived for its rows. Where each
    computes the same loss from the gathered rows, and gradients of weights are then averaged over
    processes, as DistributedDataParallel does, the result is the gradient of that one loss.

    Args:
        rows: (B, ...), of one shape on all processes.

    Returns:
        (W B, ...) with W processes, with gradients where floats have them; ``rows`` itself outside
        a distributed run.

    Source:
        Gradients as `torch.distributed.nn.functional.all_gather` gives them.

    Examples:
        >>> gather_rows(torch.tensor([3, 4]))
        tensor([3, 4])
    """
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return rows
    gathered: Tensor = _Gather.apply(rows)
    return gathered


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        ctx.many = len(rows)
        parts = [torch.empty_like(rows.contiguous()) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        summed = gradients[0].contiguous().clone()
        dist.all_reduce(summed)
        return summed[dist.get_rank() * ctx.many :][: ctx.many]
