"""Contrast with a memory of clusters, which moves with the queries and not by gradients."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reid_core.losses.checks import check_features_and_labels, check_positive, check_rows
from reid_core.losses.margin_heads import class_cosines
from reid_core.losses.pairs import order_within_class
from reid_core.losses.precision import at_least_float32, in_full_precision

__all__ = [
    "ClusterMemory",
    "MemoryUpdate",
    "cluster_centers",
    "cluster_contrast_loss",
    "moved_centers",
]

MemoryUpdate = Literal["all", "hardest"]


@in_full_precision
def cluster_contrast_loss(
    features: Tensor, labels: Tensor, centers: Tensor, *, temperature: float = 0.05
) -> Tensor:
    """``mean_i -log(exp(cos(f_i, c_{y_i}) / t) / sum_k exp(cos(f_i, c_k) / t))``.

    Args:
        features: (B, D) of any length; half precision is widened.
        labels: clusters (B,), integers in 0..C-1.
        centers: (C, D), the memory.
        temperature: t.

    Returns:
        A scalar, at least float32.

    Raises:
        ValueError: shapes or types do not fit, or the temperature is not positive.

    Source:
        Dai et al., "Cluster Contrast for Unsupervised Person Re-Identification", ACCV 2022
        (arXiv 2103.11568), the ClusterNCE loss.

    Examples:
        >>> features = torch.tensor([[1.0, 0.0]])
        >>> cluster_contrast_loss(features, torch.tensor([0]), torch.eye(2), temperature=1.0)
        tensor(0.3133)
    """
    check_features_and_labels(features, labels)
    check_positive(temperature=temperature)
    return F.cross_entropy(class_cosines(features, centers) / temperature, labels.long())


@torch.no_grad()
def cluster_centers(features: Tensor, labels: Tensor) -> Tensor:
    """Mean feature of each cluster, brought to length one.

    Args:
        features: (N, D), which are brought to length one before the mean is taken.
        labels: clusters (N,), integers in 0..C-1; -1 for images that belong to none.

    Returns:
        (C, D), at least float32.

    Raises:
        ValueError: shapes or types do not fit, nobody is in a cluster, or one is empty.

    Examples:
        >>> cluster_centers(torch.tensor([[2.0, 0.0], [0.0, 3.0]]), torch.tensor([0, -1]))
        tensor([[1., 0.]])
    """
    check_features_and_labels(features, labels)
    inside = labels >= 0
    if not inside.any():
        raise ValueError("expected at least one image in a cluster, all are outliers (label -1)")
    clustered, labels = at_least_float32(features[inside]), labels[inside].long()
    many = torch.bincount(labels)
    if not many.all():
        empty = (many == 0).nonzero().flatten().tolist()
        raise ValueError(f"expected clusters 0..{len(many) - 1}, nobody is in {empty[:5]}")
    sums = clustered.new_zeros(len(many), features.shape[1])
    sums.index_add_(0, labels, F.normalize(clustered, dim=1))
    return F.normalize(sums / many[:, None], dim=1)


@torch.no_grad()
def moved_centers(
    centers: Tensor,
    features: Tensor,
    labels: Tensor,
    *,
    momentum: float = 0.1,
    update: MemoryUpdate = "all",
) -> Tensor:
    """The memory after a batch: ``c <- m c + (1 - m) f``, brought to length one each time.

    Args:
        centers: (C, D) of length one; not changed.
        features: (B, D) of any length.
        labels: clusters (B,), integers in 0..C-1.
        momentum: m, what stays of a center, in [0, 1].
        update: with ``"all"`` queries of a cluster, one after the other in the order of the batch,
            or with the ``"hardest"`` one only, the least similar to its center.

    Returns:
        (C, D), the new memory.

    Raises:
        ValueError: shapes or types do not fit, or a setting is out of range.

    Source:
        Dai et al., as above: the momentum update of the cluster memory, and the variant of its
        published code with the hardest query.

    Examples:
        >>> moved_centers(torch.eye(2), torch.tensor([[0.0, 5.0]]), torch.tensor([0]), momentum=0.5)
        tensor([[0.7071, 0.7071],
                [0.0000, 1.0000]])
    """
    check_features_and_labels(features, labels)
    check_rows(centers, kind="centers (C, D)")
    if not 0 <= momentum <= 1:
        raise ValueError(f"momentum must be from 0 to 1, not {momentum}")
    if update not in ("all", "hardest"):
        raise ValueError(f"update must be with 'all' or the 'hardest' query, not {update!r}")
    units, labels = F.normalize(features.to(centers), dim=1), labels.long()
    if update == "hardest":
        order = (units * centers[labels]).sum(dim=1).argsort(stable=True)
        units, labels = units[order], labels[order]
    turn = order_within_class(labels)
    last = 0 if update == "hardest" else int(turn.max())
    centers = centers.clone()
    # In turns, because each normalisation comes before the next query; K turns for K images each.
    for now in range(last + 1):
        moving = turn == now
        own = labels[moving]
        centers[own] = F.normalize(momentum * centers[own] + (1 - momentum) * units[moving], dim=1)
    return centers


class ClusterMemory(nn.Module):
    """[`cluster_contrast_loss`][reid_core.losses] with its memory, which moves in training mode.

    The memory is no parameter and not saved: it is made anew for the clusters of each epoch, by
    `fill`, and their number changes.

    Args:
        temperature: of the softmax.
        momentum: what stays of a center at each move.
        update: with ``"all"`` queries or the ``"hardest"`` one of a cluster.

    Examples:
        >>> memory = ClusterMemory()
        >>> memory.fill(torch.randn(6, 4), torch.tensor([0, 0, 1, 1, -1, 2]))
        >>> memory(torch.randn(2, 4), torch.tensor([0, 2])).shape
        torch.Size([])
    """

    def __init__(
        self,
        *,
        temperature: float = 0.05,
        momentum: float = 0.1,
        update: MemoryUpdate = "all",
    ) -> None:
        super().__init__()
        self.temperature = temperature
        self.momentum = momentum
        self.update: MemoryUpdate = update
        self.centers: Tensor | None = None

    def fill(self, features: Tensor, labels: Tensor) -> None:
        """Start from the means of clusters, see [`cluster_centers`][reid_core.losses]."""
        self.centers = cluster_centers(features, labels)

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Loss of features (B, D) with clusters (B,); in training the memory moves after it."""
        if self.centers is None:
            raise ValueError("the memory is empty; fill it with the features of all clusters first")
        centers = self.centers.to(features.device)
        loss = cluster_contrast_loss(features, labels, centers, temperature=self.temperature)
        if self.training:
            self.centers = moved_centers(
                centers, features.detach(), labels, momentum=self.momentum, update=self.update
            )
        return loss
