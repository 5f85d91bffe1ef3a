"""Center loss: every feature close to the learned center of its identity."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reid_core.losses.checks import check_features_and_labels
from reid_core.losses.precision import in_full_precision

__all__ = ["CenterLoss", "center_loss"]


@in_full_precision
def center_loss(features: Tensor, labels: Tensor, centers: Tensor) -> Tensor:
    """``sum_i ||f_i - c_{y_i}||^2 / B``: squared distances to the own centers, without the 1/2.

    Args:
        features: (B, D), before the BNNeck; half precision is widened to float32.
        labels: identities (B,), integers in 0..C-1.
        centers: (C, D).

    Returns:
        A scalar, at least float32.

    Raises:
        ValueError: shapes or types do not fit.

    Source:
        Wen et al., "A Discriminative Feature Learning Approach for Deep Face Recognition",
        ECCV 2016, eq. 2; scaled as in Luo et al., "Bag of Tricks and a Strong Baseline for Deep
        Person Re-identification", CVPR Workshops 2019.

    Examples:
        >>> center_loss(torch.tensor([[3.0, 4.0]]), torch.tensor([1]), torch.zeros(2, 2))
        tensor(25.)
    """
    check_features_and_labels(features, labels)
    if centers.ndim != 2 or centers.shape[1] != features.shape[1]:
        raise ValueError(
            f"expected centers (C, {features.shape[1]}) as long as the features, "
            f"came {tuple(centers.shape)}"
        )
    return (features - centers[labels.long()]).square().sum() / len(features)


class CenterLoss(nn.Module):
    """[`center_loss`][reid_core.losses] with centers that are learned, drawn from N(0, 1).

    Published recipes move the centers by SGD at a rate of their own (0.5), from the gradient of
    the loss *before* its weight: that is for the training loop to arrange.

    Args:
        embedding_size: D.
        num_classes: C.
    """

    def __init__(self, embedding_size: int, num_classes: int) -> None:
        super().__init__()
        self.centers = nn.Parameter(torch.randn(num_classes, embedding_size))

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Loss of features (B, D) with labels (B,)."""
        return center_loss(features, labels, self.centers)
