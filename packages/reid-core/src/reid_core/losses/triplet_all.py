"""Triplet loss on all triplets of a batch."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from reid_core.losses.checks import check_features_and_labels
from reid_core.losses.distances import Metric, pairwise_distance
from reid_core.losses.pairs import mean_where, positive_and_negative_pairs
from reid_core.losses.precision import in_full_precision
from reid_core.losses.triplet import hinge

__all__ = ["AllTripletsLoss", "TripletAverage", "all_triplets_loss"]

TripletAverage = Literal["all", "active"]


@in_full_precision
def all_triplets_loss(
    features: Tensor,
    labels: Tensor,
    *,
    margin: float | None = 0.3,
    metric: Metric = "euclidean",
    average: TripletAverage = "active",
) -> Tensor:
    """Each anchor with each of its positives and each of its negatives.

    ``mean_{a, p, n} h(d(a, p) - d(a, n))`` with ``h(x) = max(0, x + margin)``, or
    ``log(1 + exp(x))`` for the soft margin. Takes memory for B^3 numbers. A batch without a
    triplet has the loss 0, with zero gradients.

    Args:
        features: (B, D), before the BNNeck; half precision is widened.
        labels: identities (B,), any integers.
        margin: in units of the metric; None means the soft margin.
        metric: see [`pairwise_distance`][reid_core.losses].
        average: over ``"all"`` triplets, or over those ``"active"`` ones that are not 0 yet, whose
            influence does not fade while others are learned.

    Returns:
        A scalar, at least float32.

    Raises:
        ValueError: shapes or types do not fit, or the average is unknown.

    Source:
        Hermans et al., "In Defense of the Triplet Loss for Person Re-Identification", 2017,
        eq. 6 (``"all"``), and its mean over non-zero terms (``"active"``) in section 4.

    Examples:
        >>> features = torch.tensor([[0.0], [1.0], [3.0]])
        >>> all_triplets_loss(features, torch.tensor([0, 0, 1]), margin=2.5)
        tensor(1.)
    """
    check_features_and_labels(features, labels)
    if average not in ("all", "active"):
        raise ValueError(f"average must be 'all' or 'active', not {average!r}")
    distances = pairwise_distance(features, features, metric=metric)
    positive, negative = positive_and_negative_pairs(labels)
    losses = hinge(distances[:, :, None] - distances[:, None, :], margin)
    taken = positive[:, :, None] & negative[:, None, :]
    if average == "active":
        # Not "more than 0": a triplet that is no number must show.
        taken = taken & (losses != 0)
    return mean_where(torch.where(taken, losses, torch.zeros_like(losses)), taken)


class AllTripletsLoss(nn.Module):
    """[`all_triplets_loss`][reid_core.losses] with its settings.

    Args:
        margin: None means the soft margin.
        metric: ``"euclidean"``, ``"squared_euclidean"`` or ``"cosine"``.
        average: ``"active"`` triplets, or ``"all"``.
    """

    def __init__(
        self,
        *,
        margin: float | None = 0.3,
        metric: Metric = "euclidean",
        average: TripletAverage = "active",
    ) -> None:
        super().__init__()
        self.margin = margin
        self.metric: Metric = metric
        self.average: TripletAverage = average

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Loss of features (B, D) with labels (B,)."""
        return all_triplets_loss(
            features, labels, margin=self.margin, metric=self.metric, average=self.average
        )
