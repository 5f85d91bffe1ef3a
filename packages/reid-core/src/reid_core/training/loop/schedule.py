"""The learning rate as a pure function of the epoch, so that resuming needs no scheduler state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

__all__ = ["learning_rate_factor"]


def learning_rate_factor(
    epoch: int,
    *,
    epochs: int,
    kind: Literal["step", "cosine", "constant"] = "step",
    warmup_epochs: int = 0,
    milestones: Sequence[int] = (),
    gamma: float = 0.1,
    final_factor: float = 0.0,
) -> float:
    """Factor on the base learning rate in one epoch.

    During warm-up it is (e + 1) / warmup_epochs; milestones count even then, as in the published
    bag of tricks. The cosine runs from 1 in the first epoch after the warm-up towards
    ``final_factor``, which it would reach in epoch ``epochs``.

    Args:
        epoch: e, counted from 0.
        epochs: length of the training.
        kind: what follows the warm-up.
        warmup_epochs: length of the linear rise.
        milestones: epochs at whose start ``step`` multiplies by ``gamma``.
        gamma: factor of ``step``.
        final_factor: end of the cosine.

    Source:
        Luo et al., "Bag of Tricks and a Strong Baseline for Deep Person Re-identification",
        CVPR Workshops 2019.

    Examples:
        >>> rates = [learning_rate_factor(e, epochs=4, kind="cosine") for e in range(4)]
        >>> [round(rate, 3) for rate in rates]
        [1.0, 0.854, 0.5, 0.146]
    """
    factor = min(1.0, (epoch + 1) / warmup_epochs) if warmup_epochs else 1.0
    if kind == "step":
        factor *= gamma ** sum(epoch >= milestone for milestone in milestones)
    elif kind == "cosine" and epoch >= warmup_epochs:
        progress = (epoch - warmup_epochs) / (epochs - warmup_epochs)
        factor = final_factor + (1 - final_factor) * 0.5 * (1 + math.cos(math.pi * progress))
    return factor
