"""Scale logits in training by how well an attribute is recognised, so that the harder side learns.

The published systems take the recalls of the validation set, which then both teaches and judges;
here they come from training images that were held out, as a moving average.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reid_attr.losses.elements import check_labels

__all__ = ["LogitUpdate", "update_logits"]


def update_logits(logits: Tensor, labels: Tensor, factors: Tensor) -> Tensor:
    """Logits times the factor of their attribute for positives, divided by it for negatives.

    With a factor R- / R+ above 1, where positives are found less often than negatives, positives
    that are judged wrongly pull harder, those judged rightly less, and negatives the reverse.

    Args:
        logits: ``(B, K)``.
        labels: ``(B, K)``: 1, 0 or -1, whose logits stay.
        factors: ``(K,)``, positive.

    Raises:
        ValueError: shapes or labels do not fit.
    """
    check_labels(logits, labels)
    if factors.shape != logits.shape[1:]:
        raise ValueError(f"expected {logits.shape[1]} factors, came {tuple(factors.shape)}")
    one = torch.ones((), dtype=factors.dtype, device=factors.device)
    scale = torch.where(labels == 1, factors, torch.where(labels == 0, 1 / factors, one))
    return logits * scale


class LogitUpdate(nn.Module):
    """The factors and where they come from: a moving average of recalls, clipped.

    Args:
        attributes: K.
        momentum: weight of the past recalls.
        most: a factor lies between 1 / most and most.

    Raises:
        ValueError: momentum is not in [0, 1), or ``most`` is below 1.
    """

    factors: Tensor
    recalls: Tensor
    measured: Tensor

    def __init__(self, attributes: int, *, momentum: float = 0.5, most: float = 2.0) -> None:
        super().__init__()
        if not 0 <= momentum < 1 or most < 1:
            raise ValueError(f"expected momentum in [0, 1), most >= 1; came {momentum}, {most}")
        self.momentum, self.most = momentum, most
        self.register_buffer("factors", torch.ones(attributes))
        self.register_buffer("recalls", torch.ones(2, attributes))
        self.register_buffer("measured", torch.zeros(attributes, dtype=torch.bool))

    @torch.no_grad()
    def measure(self, positive: Tensor, negative: Tensor) -> None:
        """Take in the recalls ``(K,)`` of positives and negatives on held-out training images.

        Attributes of which one of them is unknown (NaN, no image) keep their factor.
        """
        found = torch.stack([positive, negative]).to(self.recalls)
        known = torch.isfinite(found).all(dim=0)
        mixed = torch.where(
            self.measured, self.momentum * self.recalls + (1 - self.momentum) * found, found
        )
        self.recalls.copy_(torch.where(known, mixed, self.recalls))
        self.measured |= known
        least = 1e-6
        ratio = self.recalls[1].clamp(min=least) / self.recalls[0].clamp(min=least)
        self.factors.copy_(ratio.clamp(1 / self.most, self.most))

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Updated logits ``(B, K)``."""
        return update_logits(logits, labels, self.factors.to(logits))
