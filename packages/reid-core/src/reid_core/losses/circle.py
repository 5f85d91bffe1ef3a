"""Circle loss on the pairs of a batch."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reid_core.losses.checks import check_features_and_labels, check_positive
from reid_core.losses.pairs import mean_where, positive_and_negative_pairs
from reid_core.losses.precision import in_full_precision

__all__ = ["CircleLoss", "circle_loss", "circle_similarities"]


@in_full_precision
def circle_loss(
    features: Tensor, labels: Tensor, *, margin: float = 0.25, scale: float = 128.0
) -> Tensor:
    """Similarities, each pulled the harder the farther it is from its optimum.

    With ``s`` the cosines to an anchor, ``m`` the margin and ``g`` the scale:
    ``mean_a log(1 + sum_n exp(g [s_n + m]+ (s_n - m))
    sum_p exp(-g [1 + m - s_p]+ (s_p - 1 + m)))``.
    No gradient flows through the bracketed weights. Anchors without a positive or without a
    negative are left out; the loss is 0 where all are.

    Args:
        features: (B, D) of any length; half precision is widened.
        labels: identities (B,), any integers.
        margin: m, the relaxation.
        scale: g.

    Returns:
        A scalar, at least float32.

    Raises:
        ValueError: shapes or types do not fit, or the scale is not positive.

    Source:
        Sun et al., "Circle Loss: A Unified Perspective of Pair Similarity Optimization", CVPR
        2020, eq. 6 to 8; the defaults are those for person re-identification.

    Examples:
        >>> features = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        >>> circle_loss(features, torch.tensor([0, 0, 1]), margin=0.0, scale=2.0)
        tensor(0.6931)
    """
    check_features_and_labels(features, labels)
    check_positive(scale=scale)
    units = F.normalize(features, dim=1)
    near, far = circle_similarities(units @ units.T, margin=margin)
    positive, negative = positive_and_negative_pairs(labels)
    counts = positive.any(dim=1) & negative.any(dim=1)
    gap = _log_sum(scale * far, negative) + _log_sum(-scale * near, positive)
    return mean_where(F.softplus(torch.where(counts, gap, torch.zeros_like(gap))), counts)


def circle_similarities(cosines: Tensor, *, margin: float) -> tuple[Tensor, Tensor]:
    """Weighted similarities of any cosines: as those of a positive and as those of a negative."""
    near = F.relu(1 + margin - cosines.detach()) * (cosines - (1 - margin))
    far = F.relu(cosines.detach() + margin) * (cosines - margin)
    return near, far


def _log_sum(values: Tensor, taken: Tensor) -> Tensor:
    """Logarithm of each row's summed exponentials of what is taken."""
    # Finite, so that a row in which nothing is taken has a gradient that is zero and not NaN.
    return values.masked_fill(~taken, torch.finfo(values.dtype).min / 4).logsumexp(dim=1)


class CircleLoss(nn.Module):
    """[`circle_loss`][reid_core.losses] with its settings.

    Args:
        margin: the relaxation m.
        scale: g.
    """

    def __init__(self, *, margin: float = 0.25, scale: float = 128.0) -> None:
        super().__init__()
        self.margin = margin
        self.scale = scale

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Loss of features (B, D) with labels (B,)."""
        return circle_loss(features, labels, margin=self.margin, scale=self.scale)
