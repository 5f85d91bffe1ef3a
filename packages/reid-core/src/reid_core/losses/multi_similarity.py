"""Multi-similarity loss: mined pairs, weighed by how they stand among the others."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reid_core.losses.checks import check_features_and_labels, check_positive
from reid_core.losses.pairs import positive_and_negative_pairs
from reid_core.losses.precision import in_full_precision

__all__ = ["MultiSimilarityLoss", "multi_similarity_loss"]


@in_full_precision
def multi_similarity_loss(
    features: Tensor,
    labels: Tensor,
    *,
    alpha: float = 2.0,
    beta: float = 50.0,
    base: float = 1.0,
    epsilon: float | None = 0.1,
) -> Tensor:
    """Mined similarities under two soft maxima.

    With ``s`` the cosines to an anchor, negatives are kept that are more similar than the least
    similar positive minus epsilon, positives that are less similar than the most similar negative
    plus epsilon; then
    ``mean_a log(1 + sum_p exp(-alpha (s_p - base))) / alpha
    + log(1 + sum_n exp(beta (s_n - base))) / beta``. Anchors without a kept pair count as 0.

    Args:
        features: (B, D) of any length; half precision is widened.
        labels: identities (B,), any integers.
        alpha: sharpness among positives.
        beta: sharpness among negatives.
        base: lambda, the similarity between near and far.
        epsilon: slack of the mining; None keeps all pairs.

    Returns:
        A scalar, at least float32.

    Raises:
        ValueError: shapes or types do not fit, or alpha or beta is not positive.

    Source:
        Wang et al., "Multi-Similarity Loss with General Pair Weighting for Deep Metric Learning",
        CVPR 2019, eq. 11 to 15 and the values of section 4.1; the published code has beta 40 and
        base 0.5.

    Examples:
        >>> features = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
        >>> multi_similarity_loss(features, torch.tensor([0, 0]), alpha=1.0, epsilon=None)
        tensor(1.3133)
    """
    check_features_and_labels(features, labels)
    check_positive(alpha=alpha, beta=beta)
    units = F.normalize(features, dim=1)
    cosines = units @ units.T
    positive, negative = positive_and_negative_pairs(labels)
    if epsilon is not None:
        least = cosines.masked_fill(~positive, torch.inf).amin(dim=1, keepdim=True)
        most = cosines.masked_fill(~negative, -torch.inf).amax(dim=1, keepdim=True)
        # Said in the negative, which keeps what is no number: that must show.
        positive = positive & ~(cosines - epsilon >= most)
        negative = negative & ~(cosines + epsilon <= least)
    near = _soft_maximum(alpha * (base - cosines), positive) / alpha
    far = _soft_maximum(beta * (cosines - base), negative) / beta
    return (near + far).mean()


def _soft_maximum(values: Tensor, taken: Tensor) -> Tensor:
    """``log(1 + sum exp)`` of what is taken in each row."""
    values = values.masked_fill(~taken, -torch.inf)
    return torch.cat([torch.zeros_like(values[:, :1]), values], dim=1).logsumexp(dim=1)


class MultiSimilarityLoss(nn.Module):
    """[`multi_similarity_loss`][reid_core.losses] with its settings.

    Args:
        alpha: sharpness among positives.
        beta: sharpness among negatives.
        base: similarity between near and far.
        epsilon: slack of the mining; None keeps all pairs.
    """

    def __init__(
        self,
        *,
        alpha: float = 2.0,
        beta: float = 50.0,
        base: float = 1.0,
        epsilon: float | None = 0.1,
    ) -> None:
        super().__init__()
        self.alpha, self.beta = alpha, beta
        self.base, self.epsilon = base, epsilon

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Loss of features (B, D) with labels (B,)."""
        return multi_similarity_loss(
            features, labels, alpha=self.alpha, beta=self.beta, base=self.base, epsilon=self.epsilon
        )
