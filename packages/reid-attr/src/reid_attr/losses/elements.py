"""What the losses of attributes share: checks, known labels, and how elements become one number."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["check_labels", "known_and_targets", "total"]


def check_labels(logits: Tensor, labels: Tensor) -> None:
    """Refuse what cannot be logits and labels of attributes.

    Raises:
        ValueError: the shapes are not both ``(B, K)``, labels are no integers, or one is not 1, 0
            or -1 (unknown).
    """
    if logits.ndim != 2 or labels.shape != logits.shape:
        raise ValueError(
            f"expected logits and labels of one shape (B, K), came {tuple(logits.shape)} and "
            f"{tuple(labels.shape)}"
        )
    if labels.is_floating_point() or labels.dtype == torch.bool:
        raise ValueError(f"expected integer labels 1, 0 or -1 (unknown), came {labels.dtype}")
    if bool(((labels < -1) | (labels > 1)).any()):
        raise ValueError(
            f"labels must be 1, 0 or -1 (unknown); they reach from {int(labels.min())} to "
            f"{int(labels.max())}"
        )


def known_and_targets(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Where labels are known, and the labels with 0 elsewhere, as ``logits`` are in type."""
    return (labels >= 0).to(logits.dtype), (labels == 1).to(logits.dtype)


def total(elements: Tensor, weights: Tensor | None = None) -> Tensor:
    """Sum over attributes, mean over the batch, of elements ``(B, K)`` times weights like them."""
    weighted = elements if weights is None else elements * weights
    return weighted.sum(dim=1).mean()
