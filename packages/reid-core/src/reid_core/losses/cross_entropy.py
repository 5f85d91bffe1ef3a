"""Softmax over the training identities, with label smoothing."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from reid_core.losses.checks import check_features_and_labels
from reid_core.losses.precision import in_full_precision

__all__ = ["IdentityHead", "IdentityLoss", "label_smoothed_cross_entropy_loss"]


@in_full_precision
def label_smoothed_cross_entropy_loss(
    logits: Tensor, labels: Tensor, *, smoothing: float = 0.1
) -> Tensor:
    """Cross entropy against targets softened by ``smoothing``, averaged over the batch.

    With e the smoothing and C classes the target is ``(1 - e) onehot(y) + e / C`` (also on the
    true class, as in the source), the loss ``-sum_c target_c log softmax(logits)_c``.

    Args:
        logits: scores (B, C); half precision is widened to float32.
        labels: true classes (B,), integers in 0..C-1.
        smoothing: e, in [0, 1).

    Returns:
        A scalar, at least float32.

    Raises:
        ValueError: shapes or types do not fit, or the smoothing is out of range.

    Source:
        Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", CVPR 2016,
        section 7; for re-ID: Luo et al., "Bag of Tricks and a Strong Baseline for Deep Person
        Re-identification", CVPR Workshops 2019.

    Examples:
        >>> import torch
        >>> label_smoothed_cross_entropy_loss(torch.zeros(2, 4), torch.tensor([0, 3]))
        tensor(1.3863)
    """
    check_features_and_labels(logits, labels)
    if not 0 <= smoothing < 1:
        raise ValueError(f"smoothing must be at least 0 and less than 1, not {smoothing}")
    return F.cross_entropy(logits, labels.long(), label_smoothing=smoothing)


class IdentityHead(nn.Linear):
    """Linear classifier over the training identities: no bias, weights from N(0, 0.001).

    Without a bias the BNNeck's embeddings stay centred on the origin, and the small weights let
    the softmax start uniform.

    Args:
        embedding_size: D.
        num_classes: C.
    """

    def __init__(self, embedding_size: int, num_classes: int) -> None:
        if num_classes < 1:
            raise ValueError(f"a classifier needs at least one class, not {num_classes}")
        super().__init__(embedding_size, num_classes, bias=False)

    def reset_parameters(self) -> None:
        """Draw the weights again."""
        nn.init.normal_(self.weight, std=0.001)


class IdentityLoss(nn.Module):
    """[`label_smoothed_cross_entropy_loss`][reid_core.losses] behind a classifier of its own.

    Args:
        embedding_size: D of the embeddings, behind the BNNeck.
        num_classes: C, the training identities.
        smoothing: share of the target that is spread evenly over all classes.

    Examples:
        >>> import torch
        >>> loss = IdentityLoss(8, 5)
        >>> loss(torch.randn(4, 8), torch.tensor([0, 0, 4, 4])).shape
        torch.Size([])
    """

    def __init__(self, embedding_size: int, num_classes: int, *, smoothing: float = 0.1) -> None:
        super().__init__()
        self.smoothing = smoothing
        self.head = IdentityHead(embedding_size, num_classes)

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Loss of embeddings (B, D) with labels (B,)."""
        check_features_and_labels(embeddings, labels)
        logits = self.head(embeddings)
        return label_smoothed_cross_entropy_loss(logits, labels, smoothing=self.smoothing)
