"""Losses that compare what two branches say of an image."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reid_core.losses.checks import check_features_and_labels, check_same_shape
from reid_core.losses.precision import in_full_precision

__all__ = [
    "DecorrelationLoss",
    "LcnLoss",
    "LsrLoss",
    "decorrelation_loss",
    "lcn_loss",
    "lsr_loss",
]


@in_full_precision
def lcn_loss(first_logits: Tensor, second_logits: Tensor, *, tolerance: float = 0.005) -> Tensor:
    """Two branches agree about an image: ``max(0, KL(p1 || p2) - tolerance)``.

    Args:
        first_logits: scores (B, C) of the first branch; half precision is widened.
        second_logits: scores (B, C) of the second; gradients flow to both.
        tolerance: divergence, averaged over the batch, that is left alone.

    Returns:
        A scalar, at least float32.

    Raises:
        ValueError: shapes or types do not fit.

    Source:
        The fine-grained re-ID system of arXiv 2011.13475.

    Examples:
        >>> lcn_loss(torch.tensor([[0.0, 0.0]]), torch.tensor([[0.0, 1.0]]), tolerance=0.0)
        tensor(0.1201)
    """
    check_same_shape(first_logits, second_logits, kind="logits (B, C)")
    first, second = F.log_softmax(first_logits, dim=1), F.log_softmax(second_logits, dim=1)
    divergence = F.kl_div(second, first, log_target=True, reduction="batchmean")
    return F.relu(divergence - tolerance)


@in_full_precision
def lsr_loss(
    first_logits: Tensor, second_logits: Tensor, labels: Tensor, *, margin: float = 0.05
) -> Tensor:
    """The second branch surer of the identity than the first, unless both are sure already.

    With p1 and p2 the probabilities of the true class,
    ``mean min(max(0, p1 - p2 + margin), 2 - p1 - p2)``.

    Args:
        first_logits: scores (B, C) of the first branch; half precision is widened.
        second_logits: scores (B, C) of the second.
        labels: true classes (B,), integers in 0..C-1.
        margin: by how much the second shall be surer, in [0, 2].

    Returns:
        A scalar, at least float32.

    Raises:
        ValueError: shapes or types do not fit, or the margin is out of range.

    Source:
        The fine-grained re-ID system of arXiv 2011.13475. Its code has the margin 2, with which the
        first part is never the smaller one and the loss is ``mean (2 - p1 - p2)``; the default is
        that of the ranking between scales which it builds on: Fu et al., "Look Closer to See
        Better", CVPR 2017, eq. 5.

    Examples:
        >>> even, label = torch.zeros(1, 2), torch.tensor([0])
        >>> lsr_loss(even, even, label), lsr_loss(even, even, label, margin=2.0)
        (tensor(0.0500), tensor(1.))
    """
    check_same_shape(first_logits, second_logits, kind="logits (B, C)")
    check_features_and_labels(first_logits, labels)
    if not 0 <= margin <= 2:
        raise ValueError(f"margin must be from 0 to 2, not {margin}")
    own = labels.long()[:, None]
    first = first_logits.softmax(dim=1).gather(1, own)
    second = second_logits.softmax(dim=1).gather(1, own)
    return torch.minimum(F.relu(first - second + margin), F.relu(2 - first - second)).mean()


@in_full_precision
def decorrelation_loss(
    first: Tensor, second: Tensor, *, form: Literal["absolute", "positive"] = "absolute"
) -> Tensor:
    """Two branches describe an image by unlike features: ``mean |cos(f1, f2)|``.

    Args:
        first: features (B, D) of the first branch; half precision is widened.
        second: features (B, D) of the second; gradients flow to both.
        form: ``"absolute"`` values of cosines, or only the ``"positive"`` ones.

    Returns:
        A scalar, at least float32.

    Raises:
        ValueError: shapes or types do not fit, or the form is unknown.

    Source:
        The clothes-changing re-ID system of arXiv 2505.12580, which keeps pose out of identity.

    Examples:
        >>> decorrelation_loss(torch.tensor([[1.0, 0.0]]), torch.tensor([[-3.0, 4.0]]))
        tensor(0.6000)
    """
    check_same_shape(first, second)
    if form not in ("absolute", "positive"):
        raise ValueError(f"form must be 'absolute' or 'positive', not {form!r}")
    cosines = F.cosine_similarity(first, second, dim=1)
    return (cosines.abs() if form == "absolute" else F.relu(cosines)).mean()


class LcnLoss(nn.Module):
    """[`lcn_loss`][reid_core.losses] with its settings.

    Args:
        tolerance: divergence that is left alone.
    """

    def __init__(self, *, tolerance: float = 0.005) -> None:
        super().__init__()
        self.tolerance = tolerance

    def forward(self, first_logits: Tensor, second_logits: Tensor) -> Tensor:
        """Loss of two branches' logits (B, C)."""
        return lcn_loss(first_logits, second_logits, tolerance=self.tolerance)


class LsrLoss(nn.Module):
    """[`lsr_loss`][reid_core.losses] with its settings.

    Args:
        margin: by how much the second branch shall be surer.
    """

    def __init__(self, *, margin: float = 0.05) -> None:
        super().__init__()
        self.margin = margin

    def forward(self, first_logits: Tensor, second_logits: Tensor, labels: Tensor) -> Tensor:
        """Loss of two branches' logits (B, C) with labels (B,)."""
        return lsr_loss(first_logits, second_logits, labels, margin=self.margin)


class DecorrelationLoss(nn.Module):
    """[`decorrelation_loss`][reid_core.losses] with its settings.

    Args:
        form: ``"absolute"`` or ``"positive"``.
    """

    def __init__(self, *, form: Literal["absolute", "positive"] = "absolute") -> None:
        super().__init__()
        self.form: Literal["absolute", "positive"] = form

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Loss of two branches' features (B, D)."""
        return decorrelation_loss(first, second, form=self.form)
