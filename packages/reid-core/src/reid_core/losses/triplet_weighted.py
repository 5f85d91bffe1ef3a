"""Triplet loss on all pairs of a batch, the harder ones weighing more."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reid_core.losses.checks import check_features_and_labels
from reid_core.losses.distances import Metric, pairwise_distance
from reid_core.losses.pairs import mean_where, positive_and_negative_pairs
from reid_core.losses.precision import in_full_precision

__all__ = ["WeightedTripletLoss", "weighted_triplet_loss"]


@in_full_precision
def weighted_triplet_loss(
    features: Tensor, labels: Tensor, *, metric: Metric = "euclidean"
) -> Tensor:
    """For each anchor: its weighted positives against its weighted negatives, without a margin.

    ``mean_a log(1 + exp(sum_p w_p d(a, p) - sum_n w_n d(a, n)))`` with the weights
    ``w_p = softmax_p(d(a, p))`` and ``w_n = softmax_n(-d(a, n))``, through which gradients flow.
    Anchors without a positive or without a negative are left out; the loss is 0 where all are.

    Args:
        features: (B, D), before the BNNeck; half precision is widened.
        labels: identities (B,), any integers.
        metric: see [`pairwise_distance`][reid_core.losses].

    Returns:
        A scalar, at least float32.

    Raises:
        ValueError: shapes or types do not fit.

    Source:
        Ye et al., "Deep Learning for Person Re-identification: A Survey and Outlook", TPAMI 2021,
        the weighted regularization triplet of AGW. Published code counts an anchor as its own
        positive, at distance 0; here it never is.

    Examples:
        >>> features = torch.tensor([[0.0], [1.0], [3.0]])
        >>> weighted_triplet_loss(features, torch.tensor([0, 0, 1]))
        tensor(0.2201)
    """
    check_features_and_labels(features, labels)
    distances = pairwise_distance(features, features, metric=metric)
    positive, negative = positive_and_negative_pairs(labels)
    counts = positive.any(dim=1) & negative.any(dim=1)
    gap = _weighted_mean(distances, distances, positive) - _weighted_mean(
        distances, -distances, negative
    )
    return mean_where(F.softplus(gap), counts)


def _weighted_mean(values: Tensor, scores: Tensor, taken: Tensor) -> Tensor:
    """Mean of each row's taken values by the softmax of their scores; 0 where none is taken."""
    # A large finite number instead of infinity keeps rows in which nothing is taken free of NaN.
    scores = scores.masked_fill(~taken, torch.finfo(scores.dtype).min)
    return (torch.softmax(scores, dim=1) * taken * values).sum(dim=1)


class WeightedTripletLoss(nn.Module):
    """[`weighted_triplet_loss`][reid_core.losses] with its settings.

    Args:
        metric: ``"euclidean"``, ``"squared_euclidean"`` or ``"cosine"``.
    """

    def __init__(self, *, metric: Metric = "euclidean") -> None:
        super().__init__()
        self.metric: Metric = metric

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Loss of features (B, D) with labels (B,)."""
        return weighted_triplet_loss(features, labels, metric=self.metric)
