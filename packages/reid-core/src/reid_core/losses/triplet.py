"""Triplet loss on the hardest pairs of a batch."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reid_core.losses.checks import check_features_and_labels
from reid_core.losses.distances import Metric, pairwise_distance
from reid_core.losses.pairs import mean_where, positive_and_negative_pairs
from reid_core.losses.precision import in_full_precision

__all__ = ["BatchHardTripletLoss", "batch_hard_triplet_loss", "hardest_triplets", "hinge"]


@in_full_precision
def batch_hard_triplet_loss(
    features: Tensor,
    labels: Tensor,
    *,
    margin: float | None = 0.3,
    metric: Metric = "euclidean",
) -> Tensor:
    """For each anchor: its farthest positive against its nearest negative, within the batch.

    ``mean_a h(max_p d(a, p) - min_n d(a, n))``, where p runs over the other rows with the
    anchor's label and n over the rows with another one; ``h(x) = max(0, x + margin)``, or
    ``log(1 + exp(x))`` for the soft margin. Anchors without a positive or without a negative are
    left out of the mean; a batch of only such anchors has the loss 0, with zero gradients.

    Args:
        features: (B, D), before the BNNeck and not normalised; half precision is widened.
        labels: identities (B,), any integers.
        margin: by how much the nearest negative must be farther away, in units of the metric;
            None means the soft margin.
        metric: see [`pairwise_distance`][reid_core.losses].

    Returns:
        A scalar, at least float32.

    Raises:
        ValueError: shapes or types do not fit.

    Source:
        Hermans et al., "In Defense of the Triplet Loss for Person Re-Identification", 2017,
        eq. 5. Published code often counts an anchor as its own positive, at distance 0; here
        it never is.

    Examples:
        >>> features = torch.tensor([[0.0], [1.0], [3.0], [5.0]])
        >>> batch_hard_triplet_loss(features, torch.tensor([0, 0, 1, 1]), margin=1.5)
        tensor(0.5000)
    """
    check_features_and_labels(features, labels)
    distances = pairwise_distance(features, features, metric=metric)
    gaps, counts = hardest_triplets(distances, *positive_and_negative_pairs(labels))
    return mean_where(hinge(gaps, margin), counts)


def hardest_triplets(
    distances: Tensor, positive: Tensor, negative: Tensor
) -> tuple[Tensor, Tensor]:
    """Farthest positive minus nearest negative of each row, and which rows have both.

    Args:
        distances: (A, B) of anchors in rows from everybody in columns.
        positive: (A, B), who is to be near.
        negative: (A, B), who is to be far.

    Returns:
        Gaps (A,), 0 in rows that lack a positive or a negative, and booleans (A,), False there.
    """
    farthest = distances.masked_fill(~positive, -torch.inf).amax(dim=1)
    nearest = distances.masked_fill(~negative, torch.inf).amin(dim=1)
    counts = positive.any(dim=1) & negative.any(dim=1)
    # What does not count holds infinities; it is replaced before anything is computed with it.
    return torch.where(counts, farthest - nearest, torch.zeros_like(farthest)), counts


def hinge(gaps: Tensor, margin: float | None) -> Tensor:
    """``max(0, gap + margin)``, or ``log(1 + exp(gap))`` where there is no margin."""
    return F.softplus(gaps) if margin is None else F.relu(gaps + margin)


class BatchHardTripletLoss(nn.Module):
    """[`batch_hard_triplet_loss`][reid_core.losses] with its settings.

    Args:
        margin: None means the soft margin.
        metric: ``"euclidean"``, ``"squared_euclidean"`` or ``"cosine"``.
    """

    def __init__(self, *, margin: float | None = 0.3, metric: Metric = "euclidean") -> None:
        super().__init__()
        self.margin = margin
        self.metric: Metric = metric

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Loss of features (B, D) with labels (B,)."""
        return batch_hard_triplet_loss(features, labels, margin=self.margin, metric=self.metric)
