"""Online soft mining weighted by class-aware attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reid_core.losses.checks import check_features_and_labels, check_positive, check_rows
from reid_core.losses.distances import pairwise_distance
from reid_core.losses.pairs import positive_and_negative_pairs
from reid_core.losses.precision import in_full_precision

__all__ = ["OsmCaaLoss", "osm_caa_loss"]


@in_full_precision
def osm_caa_loss(
    features: Tensor,
    labels: Tensor,
    class_vectors: Tensor,
    *,
    alpha: float = 1.2,
    sigma: float = 0.8,
    balance: float = 0.5,
    temperature: float = 1.0,
) -> Tensor:
    """Contrastive loss on all pairs, near ones and well-labelled ones weighing more.

    On features of length one, with ``d`` the Euclidean distance of a pair:

    - mining: ``s+ = exp(-d^2 / sigma^2)``, ``s- = max(0, alpha - d)``;
    - attention: ``a_i = softmax_k(cos(f_i, c_k) / temperature)`` at the own class, for a pair the
      smaller of the two;
    - ``w = s min(a_i, a_j)``, ``L+ = 1/2 sum w+ d^2 / sum w+``,
      ``L- = 1/2 sum w- max(0, alpha - d)^2 / sum w-``;
    - ``(1 - balance) L+ + balance L-``.

    Gradients flow through the weights and to the class vectors; detach these to keep them still.
    A side without a pair that weighs anything is 0, with zero gradients.

    Args:
        features: (B, D); half precision is widened.
        labels: identities (B,), integers in 0..C-1.
        class_vectors: (C, D): centers of the classes, or a classifier's rows.
        alpha: beyond this distance negatives count for nothing; 2 is the longest there is.
        sigma: width of the weight of positives.
        balance: share of the negative side, in [0, 1].
        temperature: of the attention. The source has 1, which with cosines over many classes is
            almost uniform.

    Returns:
        A scalar, at least float32.

    Raises:
        ValueError: shapes or types do not fit, or a setting is out of range.

    Source:
        Wang et al., "Deep Metric Learning by Online Soft Mining and Class-Aware Attention", AAAI
        2019, sections 3.1 and 3.2.

    Examples:
        >>> features = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
        >>> osm_caa_loss(features, torch.tensor([0, 0]), torch.eye(2))
        tensor(0.5000)
    """
    check_features_and_labels(features, labels)
    check_rows(class_vectors, kind="class vectors (C, D)")
    check_positive(alpha=alpha, sigma=sigma, temperature=temperature)
    if class_vectors.shape[1] != features.shape[1]:
        length, came = features.shape[1], tuple(class_vectors.shape)
        raise ValueError(f"expected class vectors (C, {length}) like the features, came {came}")
    if not 0 <= balance <= 1:
        raise ValueError(f"balance must be from 0 to 1, not {balance}")
    units = F.normalize(features, dim=1)
    cosines = units @ F.normalize(class_vectors, dim=1).T
    own = F.log_softmax(cosines / temperature, dim=1).gather(1, labels.long()[:, None])
    attention = torch.minimum(own, own.T)
    distances = pairwise_distance(units, units)
    squares, shortfall = distances.square(), F.relu(alpha - distances)
    positive, negative = positive_and_negative_pairs(labels)
    # In logarithms, for with a small sigma all weights of a batch may be too small for float32.
    shares = _shares(attention - squares / sigma**2, positive)
    near = (shares * squares).sum() / 2
    weights = attention.exp() * shortfall * negative
    total = weights.sum()
    far = (weights * shortfall.square()).sum() / torch.where(total > 0, total, 1) / 2
    return (1 - balance) * near + balance * far


def _shares(scores: Tensor, taken: Tensor) -> Tensor:
    """Softmax over all that is taken; zeros where nothing is."""
    scores = scores.masked_fill(~taken, torch.finfo(scores.dtype).min)
    return torch.softmax(scores.flatten(), dim=0).view_as(scores) * taken


class OsmCaaLoss(nn.Module):
    """[`osm_caa_loss`][reid_core.losses] with class vectors that are learned, drawn from N(0, 1).

    Args:
        embedding_size: D.
        num_classes: C.
        alpha: reach of negatives.
        sigma: width of the weight of positives.
        balance: share of the negative side.
        temperature: of the attention.
    """

    def __init__(
        self,
        embedding_size: int,
        num_classes: int,
        *,
        alpha: float = 1.2,
        sigma: float = 0.8,
        balance: float = 0.5,
        temperature: float = 1.0,
    ) -> None:
        super().__init__()
        self.alpha, self.sigma = alpha, sigma
        self.balance, self.temperature = balance, temperature
        self.class_vectors = nn.Parameter(torch.randn(num_classes, embedding_size))

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Loss of features (B, D) with labels (B,)."""
        return osm_caa_loss(
            features,
            labels,
            self.class_vectors,
            alpha=self.alpha,
            sigma=self.sigma,
            balance=self.balance,
            temperature=self.temperature,
        )
