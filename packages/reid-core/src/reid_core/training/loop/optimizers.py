"""The main optimiser of a training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

import torch
from torch import nn

from reid_core.training.loop.parameters import Group, check_patterns, grouped

__all__ = ["build_optimizer"]


def build_optimizer(
    parameters: Mapping[str, nn.Parameter],
    *,
    name: Literal["adam", "amsgrad", "adamw", "adagrad", "sgd"] = "adam",
    lr: float,
    weight_decay: float = 0.0,
    momentum: float = 0.9,
    eps: float | None = None,
    groups: Sequence[Group] = (),
) -> torch.optim.Optimizer:
    """All parameters under one optimiser, fused into few kernels.

    Args:
        parameters: what learns, by name.
        name: ``adam`` or ``amsgrad`` with L2 decay, ``adamw`` with decoupled decay, ``adagrad`` or
            ``sgd``.
        lr: learning rate before any schedule.
        weight_decay: decay of every parameter that no group gives another.
        momentum: of ``sgd``.
        eps: added to the denominator of all but ``sgd``; none: torch's own.
        groups: parameters with a learning rate or decay of their own; the first group of the
            optimiser holds the others.

    Raises:
        ValueError: a group matches no parameter.
    """
    patterns = [group.parameters for group in groups]
    check_patterns(patterns, parameters, key="optimizer.groups")
    made = grouped(parameters, groups, lr=lr)
    options: dict[str, Any] = {"lr": lr, "weight_decay": weight_decay}
    if name != "adagrad":  # which is fused on CPUs only
        options["fused"] = True
    if name == "sgd":
        return torch.optim.SGD(made, momentum=momentum, **options)
    if eps is not None:
        options["eps"] = eps
    kinds: dict[str, Callable[..., torch.optim.Optimizer]] = {
        "adam": torch.optim.Adam,
        "amsgrad": partial(torch.optim.Adam, amsgrad=True),
        "adamw": torch.optim.AdamW,
        "adagrad": torch.optim.Adagrad,
    }
    return kinds[name](made, **options)
