"""Average precision made differentiable."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reid_core.losses.checks import check_features_and_labels, check_positive
from reid_core.losses.pairs import mean_where, positive_and_negative_pairs
from reid_core.losses.precision import in_full_precision

__all__ = ["SmoothAPLoss", "smooth_ap_loss"]


@in_full_precision
def smooth_ap_loss(
    features: Tensor, labels: Tensor, *, temperature: float = 0.01, count_query: bool = False
) -> Tensor:
    """One minus the mean average precision of the batch, each row a query for the others.

    A rank is one plus how many are more similar, a step that the sigmoid softens: with s the
    cosines to the query q and ``g(x) = 1 / (1 + exp(-x / temperature))``,
    ``AP_q = 1/|P| sum_{i in P} (1 + sum_{j in P, j != i} g(s_j - s_i)) /
    (1 + sum_{j != i, q} g(s_j - s_i))``. Takes memory for B^3 numbers. Queries without a positive
    are left out; the loss is 0, with zero gradients, where all are.

    Args:
        features: (B, D) of any length; half precision is widened.
        labels: identities (B,), any integers.
        temperature: the smaller, the closer to average precision, and the fewer gradients.
        count_query: have each query retrieve itself too, as the published code does.

    Returns:
        A scalar, at least float32.

    Raises:
        ValueError: shapes or types do not fit, or the temperature is not positive.

    Source:
        Brown et al., "Smooth-AP: Smoothing the Path Towards Large-Scale Image Retrieval", ECCV
        2020, eq. 7.

    Examples:
        >>> features = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.8, 0.6]])
        >>> smooth_ap_loss(features, torch.tensor([0, 0, 1]))
        tensor(0.5000)
    """
    check_features_and_labels(features, labels)
    check_positive(temperature=temperature)
    units = F.normalize(features, dim=1)
    cosines = units @ units.T
    positive, negative = positive_and_negative_pairs(labels)
    if count_query:
        positive = ~negative
    # [q, i, j]: how far j stands above i in the eyes of q.
    above = torch.sigmoid((cosines[:, None, :] - cosines[:, :, None]) / temperature)
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    above = above * ~itself
    among_positives = 1 + (above * positive[:, None, :]).sum(dim=2)
    among_all = 1 + (above * (positive | negative)[:, None, :]).sum(dim=2)
    many = positive.sum(dim=1)
    precisions = (among_positives / among_all * positive).sum(dim=1) / many.clamp(min=1)
    return mean_where(1 - precisions, positive.any(dim=1))


class SmoothAPLoss(nn.Module):
    """[`smooth_ap_loss`][reid_core.losses] with its settings.

    Args:
        temperature: of the softened ranks.
        count_query: have each query retrieve itself too.
    """

    def __init__(self, *, temperature: float = 0.01, count_query: bool = False) -> None:
        super().__init__()
        self.temperature = temperature
        self.count_query = count_query

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Loss of features (B, D) with labels (B,)."""
        return smooth_ap_loss(
            features, labels, temperature=self.temperature, count_query=self.count_query
        )
