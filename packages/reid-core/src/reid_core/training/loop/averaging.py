"""Averages of the weights over the steps or the epochs of a training."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

__all__ = ["Average"]


class Average(AveragedModel):
    """A second network: the moving average over the steps, or the mean over the ends of epochs.

    Running statistics are averaged as the weights are, so no pass over the data is needed at the
    end.

    Args:
        network: what is averaged.
        ema_decay: weight of the past in the moving average; none: the mean over epochs.
        swa_start: first epoch (from 0) of the mean.

    Source:
        Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", 2018,
        for the mean over epochs.
    """

    def __init__(
        self, network: nn.Module, *, ema_decay: float | None = None, swa_start: int = 0
    ) -> None:
        moving = None if ema_decay is None else get_ema_multi_avg_fn(ema_decay)  # type: ignore[no-untyped-call]
        super().__init__(network, multi_avg_fn=moving or _mean, use_buffers=True)
        self.requires_grad_(False)
        self._each_step = ema_decay is not None
        self._swa_start = swa_start

    @property
    def begun(self) -> bool:
        """Whether anything was averaged yet; until then it is the network as it was built."""
        return int(self.n_averaged) > 0

    def after_step(self, network: nn.Module, *, epoch: int, ends_epoch: bool) -> None:
        """Take in the network after a step of the optimiser, if this average wants it."""
        if self._each_step or (ends_epoch and epoch >= self._swa_start):
            self.update_parameters(network)


def _mean(averages: Sequence[Tensor], currents: Sequence[Tensor], count: Tensor | int) -> None:
    for average, current in zip(averages, currents, strict=True):
        if torch.is_floating_point(average):
            average.lerp_(current.to(average.dtype), float(1 / (count + 1)))
        else:
            average.copy_(current)
