"""The main optimiser of a training."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import torch
from torch import nn

__all__ = ["build_optimizer"]


def build_optimizer(
    parameters: Iterable[nn.Parameter],
    *,
    name: Literal["adam", "adamw", "sgd"] = "adam",
    lr: float,
    weight_decay: float = 0.0,
    momentum: float = 0.9,
) -> torch.optim.Optimizer:
    """One parameter group under one optimiser, fused into few kernels.

    Args:
        parameters: what learns.
        name: ``adam`` with L2 decay, ``adamw`` with decoupled decay, or ``sgd``.
        lr: learning rate before any schedule.
        weight_decay: decay of every parameter.
        momentum: of ``sgd``.
    """
    if name == "sgd":
        return torch.optim.SGD(
            parameters, lr=lr, weight_decay=weight_decay, momentum=momentum, fused=True
        )
    kind = torch.optim.Adam if name == "adam" else torch.optim.AdamW
    return kind(parameters, lr=lr, weight_decay=weight_decay, fused=True)
