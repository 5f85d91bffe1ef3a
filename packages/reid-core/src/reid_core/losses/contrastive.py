"""Contrastive losses: of pairs, and of an identity against everybody else."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reid_core.losses.checks import check_features_and_labels, check_positive
from reid_core.losses.distances import Metric, pairwise_distance
from reid_core.losses.pairs import mean_where, positive_and_negative_pairs
from reid_core.losses.precision import in_full_precision

__all__ = [
    "ContrastiveLoss",
    "SupervisedContrastiveLoss",
    "contrastive_loss",
    "supervised_contrastive_loss",
]


@in_full_precision
def contrastive_loss(
    features: Tensor,
    labels: Tensor,
    *,
    margin: float = 1.0,
    positive_margin: float = 0.0,
    metric: Metric = "euclidean",
    squared: bool = True,
) -> Tensor:
    """Pairs of one identity together, pairs of two at least a margin apart.

    ``mean over positive pairs of max(0, d - positive_margin)^2 + mean over negative pairs of
    max(0, margin - d)^2``, or the same without the squares. The two means are apart because a
    batch has many times more negative pairs. A side without a pair is 0, with zero gradients.

    Args:
        features: (B, D), used as they are; half precision is widened.
        labels: identities (B,), any integers.
        margin: distance at which negatives are left alone, in units of the metric.
        positive_margin: distance at which positives are.
        metric: see [`pairwise_distance`][reid_core.losses].
        squared: squares, as in the source.

    Returns:
        A scalar, at least float32.

    Raises:
        ValueError: shapes or types do not fit.

    Source:
        Hadsell et al., "Dimensionality Reduction by Learning an Invariant Mapping", CVPR 2006,
        eq. 4, without its factor 1/2.

    Examples:
        >>> features = torch.tensor([[0.0], [1.0], [3.0]])
        >>> contrastive_loss(features, torch.tensor([0, 0, 1]), margin=3.0)
        tensor(1.5000)
    """
    check_features_and_labels(features, labels)
    distances = pairwise_distance(features, features, metric=metric)
    positive, negative = positive_and_negative_pairs(labels)
    near, far = F.relu(distances - positive_margin), F.relu(margin - distances)
    if squared:
        near, far = near.square(), far.square()
    return mean_where(near, positive) + mean_where(far, negative)


@in_full_precision
def supervised_contrastive_loss(
    features: Tensor, labels: Tensor, *, temperature: float = 0.1
) -> Tensor:
    """Each anchor's positives against everybody else in a softmax over similarities.

    ``mean_a -1/|P(a)| sum_p log(exp(cos(a, p) / t) / sum_{b != a} exp(cos(a, b) / t))``. Anchors
    without a positive are left out; the loss is 0 where all are.

    Args:
        features: (B, D) of any length; half precision is widened.
        labels: identities (B,), any integers.
        temperature: t.

    Returns:
        A scalar, at least float32.

    Raises:
        ValueError: shapes or types do not fit, or the temperature is not positive.

    Source:
        Khosla et al., "Supervised Contrastive Learning", NeurIPS 2020, eq. 2.

    Examples:
        >>> features = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        >>> supervised_contrastive_loss(features, torch.tensor([0, 0, 1]), temperature=1.0)
        tensor(0.3133)
    """
    check_features_and_labels(features, labels)
    check_positive(temperature=temperature)
    units = F.normalize(features, dim=1)
    positive, negative = positive_and_negative_pairs(labels)
    scores = units @ units.T / temperature
    everybody = scores.masked_fill(~(positive | negative), torch.finfo(scores.dtype).min)
    log_shares = scores - everybody.logsumexp(dim=1, keepdim=True)
    many = positive.sum(dim=1)
    # Where nobody else is, the share holds huge numbers; a product with False would keep them.
    taken = torch.where(positive, log_shares, torch.zeros_like(log_shares))
    return mean_where(-taken.sum(dim=1) / many.clamp(min=1), many > 0)


class ContrastiveLoss(nn.Module):
    """[`contrastive_loss`][reid_core.losses] with its settings.

    Args:
        margin: of negatives.
        positive_margin: of positives.
        metric: ``"euclidean"``, ``"squared_euclidean"`` or ``"cosine"``.
        squared: squares, as in the source.
    """

    def __init__(
        self,
        *,
        margin: float = 1.0,
        positive_margin: float = 0.0,
        metric: Metric = "euclidean",
        squared: bool = True,
    ) -> None:
        super().__init__()
        self.margin = margin
        self.positive_margin = positive_margin
        self.metric: Metric = metric
        self.squared = squared

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Loss of features (B, D) with labels (B,)."""
        return contrastive_loss(
            features,
            labels,
            margin=self.margin,
            positive_margin=self.positive_margin,
            metric=self.metric,
            squared=self.squared,
        )


class SupervisedContrastiveLoss(nn.Module):
    """[`supervised_contrastive_loss`][reid_core.losses] with its settings.

    Args:
        temperature: of the softmax.
    """

    def __init__(self, *, temperature: float = 0.1) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Loss of features (B, D) with labels (B,)."""
        return supervised_contrastive_loss(features, labels, temperature=self.temperature)
