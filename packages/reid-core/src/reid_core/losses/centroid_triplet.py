"""Triplet loss between images and the centroids of identities."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from reid_core.losses.checks import check_features_and_labels
from reid_core.losses.distances import pairwise_distance
from reid_core.losses.pairs import mean_where, order_within_class, positive_and_negative_pairs
from reid_core.losses.precision import in_full_precision
from reid_core.losses.triplet import hardest_triplets, hinge

__all__ = ["CentroidForm", "CentroidTripletLoss", "centroid_triplet_loss"]

CentroidForm = Literal["paper", "published"]


@in_full_precision
def centroid_triplet_loss(
    features: Tensor,
    labels: Tensor,
    *,
    margin: float | None = 0.5,
    form: CentroidForm = "paper",
) -> Tensor:
    """An image nearer to the centroid of its identity than to those of others.

    The own centroid leaves the image itself out, ``c+ = mean of the other images``, and gradients
    flow through all centroids. With ``h(x) = max(0, x + margin)`` (or the soft margin)

    - ``"paper"``: ``mean_a h(||a - c+||^2 - min ||a - c-||^2)``, c- being the whole centroids of
      the other identities;
    - ``"published"``: in round i, the i-th image of each identity is a query. Queries and their
      centroids together are one batch for the batch-hard triplet loss, with unsquared distances,
      in which every row, centroids too, is an anchor and a negative for the others. The loss is
      the mean over rounds; an identity is left out of rounds that it has no image for, and rounds
      of a single identity are skipped.

    Identities of one image have no centroid without it and are left out as anchors; in the
    paper's form they still are somebody else's negative. 0 with zero gradients if nothing is left.

    Args:
        features: (B, D), before the BNNeck; half precision is widened.
        labels: identities (B,), any integers.
        margin: None means the soft margin.
        form: as the paper writes it or as its authors' code computes it.

    Returns:
        A scalar, at least float32.

    Raises:
        ValueError: shapes or types do not fit, or the form is unknown.

    Source:
        Wieczorek et al., "On the Unreasonable Effectiveness of Centroids in Image Retrieval",
        ICONIP 2021, the centroid triplet loss of section 3; margin of the published code. Which
        negative centroid is taken the paper leaves open; here it is the nearest.

    Examples:
        >>> features = torch.tensor([[0.0], [2.0], [3.0]])
        >>> centroid_triplet_loss(features, torch.tensor([0, 0, 1]), margin=1.0)
        tensor(2.)
    """
    check_features_and_labels(features, labels)
    others, strangers = positive_and_negative_pairs(labels)
    left_out = _means(features, others)
    if form == "published":
        return _published(features, left_out, labels, margin=margin)
    if form != "paper":
        raise ValueError(f"form must be 'paper' or 'published', not {form!r}")
    whole = _means(features, ~strangers)
    to_own = (features - left_out).square().sum(dim=1)
    to_others = pairwise_distance(features, whole, metric="squared_euclidean")
    nearest = to_others.masked_fill(~strangers, torch.inf).amin(dim=1)
    counts = others.any(dim=1) & strangers.any(dim=1)
    gaps = torch.where(counts, to_own - nearest, torch.zeros_like(to_own))
    return mean_where(hinge(gaps, margin), counts)


def _means(features: Tensor, members: Tensor) -> Tensor:
    """Mean feature of each row's members (B, B), zeros for a row without any."""
    return members.to(features) @ features / members.sum(dim=1, keepdim=True).clamp(min=1)


def _published(
    features: Tensor, left_out: Tensor, labels: Tensor, *, margin: float | None
) -> Tensor:
    rounds = order_within_class(labels)
    repeated = (labels[:, None] == labels).sum(dim=1) > 1
    labels, rounds, repeated = (value.repeat(2) for value in (labels, rounds, repeated))
    together = (rounds[:, None] == rounds) & repeated[:, None] & repeated
    same, different = positive_and_negative_pairs(labels)
    points = torch.cat([features, left_out])
    gaps, counts = hardest_triplets(
        pairwise_distance(points, points), same & together, different & together
    )
    # Each round weighs the same, whoever is in it: rows weigh one over those of their round.
    share = counts.to(gaps) / together.sum(dim=1).clamp(min=1)
    return (hinge(gaps, margin) * share).sum() / share.sum().clamp(min=1)


class CentroidTripletLoss(nn.Module):
    """[`centroid_triplet_loss`][reid_core.losses] with its settings.

    Args:
        margin: None means the soft margin.
        form: ``"paper"`` or ``"published"``.
    """

    def __init__(self, *, margin: float | None = 0.5, form: CentroidForm = "paper") -> None:
        super().__init__()
        self.margin = margin
        self.form: CentroidForm = form

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Loss of features (B, D) with labels (B,)."""
        return centroid_triplet_loss(features, labels, margin=self.margin, form=self.form)
