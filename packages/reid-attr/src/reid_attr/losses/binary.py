"""Losses that judge every attribute by itself: cross-entropy, focal and asymmetric."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid

from reid_attr.losses.elements import check_labels, known_and_targets, total
from reid_attr.losses.weighting import Weighting, sample_weights

__all__ = [
    "AsymmetricLoss",
    "FocalLoss",
    "WeightedBCELoss",
    "asymmetric_elements",
    "asymmetric_loss",
    "bce_elements",
    "focal_elements",
    "focal_loss",
    "weighted_bce_loss",
]


def bce_elements(logits: Tensor, labels: Tensor) -> Tensor:
    """Binary cross-entropy of each label ``(B, K)``; 0 where it is unknown."""
    known, targets = known_and_targets(logits, labels)
    return known * binary_cross_entropy_with_logits(logits, targets, reduction="none")


def weighted_bce_loss(
    logits: Tensor,
    labels: Tensor,
    *,
    ratios: Tensor | None = None,
    weighting: Weighting = "exponential",
    clip: tuple[float, float] = (0.01, 0.99),
) -> Tensor:
    r"""Binary cross-entropy, summed over attributes and averaged over the batch.

    $$L = -\frac1B \sum_{b,k} a_{bk} [y \log\sigma(z) + (1 - y) \log(1 - \sigma(z))]$$

    Args:
        logits: z ``(B, K)``.
        labels: y ``(B, K)``: 1, 0 or -1, which does not count.
        ratios: share of positives in training ``(K,)``; none: a is 1.
        weighting: form of a, see `sample_weights`.
        clip: bounds of the ratios.

    Raises:
        ValueError: shapes or labels do not fit.

    Examples:
        >>> import torch
        >>> weighted_bce_loss(torch.zeros(2, 1), torch.tensor([[1], [-1]])).item()
        0.3465735912322998
    """
    check_labels(logits, labels)
    weights = None
    if ratios is not None:
        weights = sample_weights(labels, ratios.to(logits), weighting=weighting, clip=clip)
    return total(bce_elements(logits, labels), weights)


def focal_elements(
    logits: Tensor, labels: Tensor, *, alpha: float = 0.5, gamma: float = 2.0
) -> Tensor:
    """Focal loss of each label ``(B, K)``; 0 where it is unknown."""
    entropy = bce_elements(logits, labels)
    # The probability of what is true, from its own logarithm.
    wrong = -(-entropy).expm1()
    balance = alpha * (labels == 1) + (1 - alpha) * (labels == 0)
    return balance * wrong**gamma * entropy


def focal_loss(logits: Tensor, labels: Tensor, *, alpha: float = 0.5, gamma: float = 2.0) -> Tensor:
    r"""Focal loss: what is judged well already counts little.

    $$L = -\frac1B \sum_{b,k} \alpha_t (1 - p_t)^\gamma \log p_t$$

    with p_t the probability given to the true value, and alpha_t alpha for positives and 1 - alpha
    for negatives.

    Args:
        logits: ``(B, K)``.
        labels: ``(B, K)``: 1, 0 or -1, which does not count.
        alpha: weight of positives, between 0 and 1.
        gamma: how much less well-judged labels count; 0 is cross-entropy times alpha_t.

    Raises:
        ValueError: shapes, labels, alpha or gamma do not fit.

    Source:
        Lin et al., Focal Loss for Dense Object Detection, ICCV 2017, equation 5.
    """
    check_labels(logits, labels)
    _check_focal(alpha, gamma)
    return total(focal_elements(logits, labels, alpha=alpha, gamma=gamma))


def asymmetric_elements(
    logits: Tensor,
    labels: Tensor,
    *,
    gamma_positive: float = 1.0,
    gamma_negative: float = 4.0,
    margin: float = 0.05,
) -> Tensor:
    """Asymmetric loss of each label ``(B, K)``; 0 where it is unknown."""
    known, targets = known_and_targets(logits, labels)
    log_yes = logsigmoid(logits)
    yes = log_yes.exp()
    shifted = (yes - margin).clamp(min=0)
    positive = (-log_yes.expm1()) ** gamma_positive * -log_yes
    negative = shifted**gamma_negative * -(1 - shifted).clamp(min=1e-8).log()
    return known * (targets * positive + (1 - targets) * negative)


def asymmetric_loss(
    logits: Tensor,
    labels: Tensor,
    *,
    gamma_positive: float = 1.0,
    gamma_negative: float = 4.0,
    margin: float = 0.05,
) -> Tensor:
    r"""Asymmetric loss: easy negatives, of which there are many, count for little or nothing.

    $$L = -\frac1B \sum_{b,k} y (1 - p)^{\gamma_+} \log p + (1 - y) p_m^{\gamma_-} \log(1 - p_m)$$

    with p = sigmoid(z) and p_m = max(p - m, 0).

    Args:
        logits: z ``(B, K)``.
        labels: y ``(B, K)``: 1, 0 or -1, which does not count.
        gamma_positive: how much less well-judged positives count.
        gamma_negative: how much less well-judged negatives count.
        margin: m, below which a negative's probability costs nothing.

    Raises:
        ValueError: shapes or labels do not fit, a gamma is negative, or m is not in [0, 1).

    Source:
        Ridnik et al., Asymmetric Loss For Multi-Label Classification, ICCV 2021, equation 7.
    """
    check_labels(logits, labels)
    _check_asymmetric(gamma_positive, gamma_negative, margin)
    return total(
        asymmetric_elements(
            logits,
            labels,
            gamma_positive=gamma_positive,
            gamma_negative=gamma_negative,
            margin=margin,
        )
    )


class WeightedBCELoss(nn.Module):
    """See `weighted_bce_loss`.

    Args:
        ratios: share of positives in training ``(K,)``; none: all labels count alike.
        weighting: see `sample_weights`.
        clip: bounds of the ratios.
    """

    ratios: Tensor | None

    def __init__(
        self,
        ratios: Tensor | None = None,
        *,
        weighting: Weighting = "exponential",
        clip: tuple[float, float] = (0.01, 0.99),
    ) -> None:
        super().__init__()
        self.register_buffer("ratios", None if ratios is None else ratios.clone())
        self.weighting, self.clip = weighting, clip

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Loss of ``(B, K)`` logits and labels."""
        return weighted_bce_loss(
            logits, labels, ratios=self.ratios, weighting=self.weighting, clip=self.clip
        )


class FocalLoss(nn.Module):
    """See `focal_loss`."""

    def __init__(self, *, alpha: float = 0.5, gamma: float = 2.0) -> None:
        super().__init__()
        _check_focal(alpha, gamma)
        self.alpha, self.gamma = alpha, gamma

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Loss of ``(B, K)`` logits and labels."""
        return focal_loss(logits, labels, alpha=self.alpha, gamma=self.gamma)


class AsymmetricLoss(nn.Module):
    """See `asymmetric_loss`."""

    def __init__(
        self, *, gamma_positive: float = 1.0, gamma_negative: float = 4.0, margin: float = 0.05
    ) -> None:
        super().__init__()
        _check_asymmetric(gamma_positive, gamma_negative, margin)
        self.gamma_positive, self.gamma_negative = gamma_positive, gamma_negative
        self.margin = margin

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Loss of ``(B, K)`` logits and labels."""
        return asymmetric_loss(
            logits,
            labels,
            gamma_positive=self.gamma_positive,
            gamma_negative=self.gamma_negative,
            margin=self.margin,
        )


def _check_focal(alpha: float, gamma: float) -> None:
    if not 0 <= alpha <= 1 or gamma < 0:
        raise ValueError(f"expected alpha in [0, 1] and gamma >= 0, came {alpha} and {gamma}")


def _check_asymmetric(gamma_positive: float, gamma_negative: float, margin: float) -> None:
    if min(gamma_positive, gamma_negative) < 0 or not 0 <= margin < 1:
        raise ValueError(
            f"expected gammas >= 0 and a margin in [0, 1), came {gamma_positive}, "
            f"{gamma_negative} and {margin}"
        )
