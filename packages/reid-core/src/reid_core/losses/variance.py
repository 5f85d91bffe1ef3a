"""Variance of features within identities."""

from __future__ import annotations

from torch import Tensor, nn

from reid_core.losses.checks import check_features_and_labels
from reid_core.losses.precision import in_full_precision

__all__ = ["VarianceLoss", "variance_loss"]


@in_full_precision
def variance_loss(features: Tensor, labels: Tensor) -> Tensor:
    """Variance within identities, summed over dimensions.

    ``sum_i ||f_i - mean_{y_i}||^2 / sum_y (n_y - 1)``, with the mean over the n_y images of the
    identity in the batch. 0 with zero gradients where every identity has one image.

    Args:
        features: (B, D); half precision is widened.
        labels: identities (B,), any integers.

    Returns:
        A scalar, at least float32.

    Raises:
        ValueError: shapes or types do not fit.

    Source:
        The fine-grained re-ID system of arXiv 2011.13475, whose code divides the sums of identities
        by 4, however many images there are; this is the same where there are 4.

    Examples:
        >>> variance_loss(torch.tensor([[0.0], [2.0], [5.0]]), torch.tensor([0, 0, 1]))
        tensor(2.)
    """
    check_features_and_labels(features, labels)
    same = (labels[:, None] == labels).to(features)
    many = same.sum(dim=1, keepdim=True)
    squares = (features - same @ features / many).square().sum()
    # Each row of an identity of n counts 1 - 1/n, together n - 1.
    return squares / (1 - 1 / many).sum().clamp(min=1)


class VarianceLoss(nn.Module):
    """[`variance_loss`][reid_core.losses] as a module."""

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Loss of features (B, D) with labels (B,)."""
        return variance_loss(features, labels)
