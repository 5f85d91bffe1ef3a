"""Adversarial losses over patches: hinge, and the published cross-entropy."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, relu

__all__ = ["Adversarial", "discriminator_loss", "generator_loss"]

Adversarial = Literal["hinge", "bce"]


def discriminator_loss(real: Tensor, fake: Tensor, *, kind: Adversarial = "hinge") -> Tensor:
    """Half of what it costs to take photographs for drawings plus the reverse.

    Args:
        real: logits of photographs, any shape.
        fake: logits of drawings.
        kind: ``hinge``: ``relu(1 - real) + relu(1 + fake)`` (Lim and Ye, 2017); ``bce``:
            cross-entropy, as PATN has it.

    Returns:
        A scalar.

    Raises:
        ValueError: there is no such kind.

    Examples:
        >>> discriminator_loss(torch.tensor([2.0]), torch.tensor([0.0])).item()
        0.5
    """
    if kind == "hinge":
        return (relu(1 - real).mean() + relu(1 + fake).mean()) / 2
    if kind == "bce":
        truth = binary_cross_entropy_with_logits(real, torch.ones_like(real))
        return (truth + binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))) / 2
    raise ValueError(f"kind must be hinge or bce, came {kind!r}")


def generator_loss(fake: Tensor, *, kind: Adversarial = "hinge") -> Tensor:
    """What it costs that drawings are known for what they are.

    Args:
        fake: logits of drawings.
        kind: ``hinge``: ``-fake``; ``bce``: cross-entropy with "photograph".

    Raises:
        ValueError: there is no such kind.
    """
    if kind == "hinge":
        return -fake.mean()
    if kind == "bce":
        return binary_cross_entropy_with_logits(fake, torch.ones_like(fake))
    raise ValueError(f"kind must be hinge or bce, came {kind!r}")
