"""Who goes with whom in a batch, and means over those who count."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["mean_where", "order_within_class", "positive_and_negative_pairs"]


def positive_and_negative_pairs(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Pairs of one identity, nobody with itself, and pairs of two identities.

    Args:
        labels: identities (B,), any integers.

    Returns:
        Two boolean masks (B, B), symmetric and disjoint; both are False on the diagonal.

    Examples:
        >>> positive, negative = positive_and_negative_pairs(torch.tensor([7, 7, 9]))
        >>> positive.sum().item(), negative.sum().item()
        (2, 4)
    """
    same = labels[:, None] == labels
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    return same & ~itself, ~same


def order_within_class(labels: Tensor) -> Tensor:
    """How many earlier rows have the same label, (B,) int64.

    Examples:
        >>> order_within_class(torch.tensor([5, 8, 5, 5]))
        tensor([0, 0, 1, 2])
    """
    return (labels[:, None] == labels).tril(-1).sum(dim=1)


def mean_where(values: Tensor, counts: Tensor) -> Tensor:
    """Mean of the values that count; 0 with zero gradients where none does.

    Args:
        values: any shape; must be finite wherever their gradient shall be, so replace what does
            not count before anything is computed with it.
        counts: booleans of the same shape.
    """
    return (values * counts).sum() / counts.sum().clamp(min=1)
