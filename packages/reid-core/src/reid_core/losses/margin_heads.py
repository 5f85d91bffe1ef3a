"""Classifiers over the training identities that compare directions, with a margin or without.

Each takes embeddings and labels and returns logits for the cross entropy; in evaluation, where
there are no labels, none is needed, for embeddings alone are compared.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reid_core.losses.checks import check_features_and_labels, check_positive
from reid_core.losses.margin_logits import arcface_logits, circle_logits, cosface_logits
from reid_core.losses.precision import in_full_precision

__all__ = [
    "ArcFaceHead",
    "CircleHead",
    "CosFaceHead",
    "CosineHead",
    "SubCenterHead",
    "class_cosines",
]


@in_full_precision
def class_cosines(embeddings: Tensor, weight: Tensor) -> Tensor:
    """Cosine of each embedding with each class; with several centers a class, the largest.

    Args:
        embeddings: (B, D) of any length; half precision is widened.
        weight: (C, D), or (C, K, D) with K centers a class.

    Returns:
        Cosines (B, C), at least float32.

    Raises:
        ValueError: shapes do not fit.

    Examples:
        >>> class_cosines(torch.tensor([[2.0, 0.0]]), torch.tensor([[3.0, 0.0], [0.0, 1.0]]))
        tensor([[1., 0.]])
    """
    if embeddings.ndim != 2 or weight.ndim not in (2, 3) or embeddings.shape[1] != weight.shape[-1]:
        shapes = f"{tuple(embeddings.shape)} and {tuple(weight.shape)}"
        raise ValueError(
            f"expected embeddings (B, D) and classes (C, D) or (C, K, D), got {shapes}"
        )
    cosines = F.normalize(embeddings, dim=1) @ F.normalize(weight, dim=-1).flatten(0, -2).T
    return (
        cosines if weight.ndim == 2 else cosines.view(len(cosines), *weight.shape[:2]).amax(dim=2)
    )


class CosineHead(nn.Module):
    """``scale cos(embedding, class)``, without a margin.

    Args:
        embedding_size: D.
        num_classes: C.
        scale: of the logits.

    Source:
        Wang et al., "NormFace: L2 Hypersphere Embedding for Face Verification", ACM MM 2017.

    Examples:
        >>> CosineHead(8, 5)(torch.randn(4, 8), torch.tensor([0, 0, 4, 4])).shape
        torch.Size([4, 5])
    """

    def __init__(self, embedding_size: int, num_classes: int, *, scale: float = 16.0) -> None:
        super().__init__()
        if num_classes < 1:
            raise ValueError(f"a classifier needs at least one class, not {num_classes}")
        check_positive(scale=scale)
        self.scale = scale
        self.weight = nn.Parameter(torch.empty(num_classes, embedding_size))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Logits (B, C) of embeddings (B, D) whose true classes are labels (B,)."""
        check_features_and_labels(embeddings, labels)
        return self._logits(class_cosines(embeddings, self.weight), labels)

    def _logits(self, cosines: Tensor, labels: Tensor) -> Tensor:  # noqa: ARG002 - margins need it
        return self.scale * cosines


class ArcFaceHead(CosineHead):
    """Cosines with [`arcface_logits`][reid_core.losses].

    Args:
        embedding_size: D.
        num_classes: C.
        margin: in radians.
        scale: of the logits.
    """

    def __init__(
        self, embedding_size: int, num_classes: int, *, margin: float = 0.5, scale: float = 64.0
    ) -> None:
        super().__init__(embedding_size, num_classes, scale=scale)
        self.margin = margin

    def _logits(self, cosines: Tensor, labels: Tensor) -> Tensor:
        return arcface_logits(cosines, labels, margin=self.margin, scale=self.scale)


class CosFaceHead(CosineHead):
    """Cosines with [`cosface_logits`][reid_core.losses].

    Args:
        embedding_size: D.
        num_classes: C.
        margin: taken from the own cosine.
        scale: of the logits.
    """

    def __init__(
        self, embedding_size: int, num_classes: int, *, margin: float = 0.35, scale: float = 64.0
    ) -> None:
        super().__init__(embedding_size, num_classes, scale=scale)
        self.margin = margin

    def _logits(self, cosines: Tensor, labels: Tensor) -> Tensor:
        return cosface_logits(cosines, labels, margin=self.margin, scale=self.scale)


class CircleHead(CosineHead):
    """Cosines with [`circle_logits`][reid_core.losses].

    Args:
        embedding_size: D.
        num_classes: C.
        margin: the relaxation.
        scale: of the logits.
    """

    def __init__(
        self, embedding_size: int, num_classes: int, *, margin: float = 0.25, scale: float = 128.0
    ) -> None:
        super().__init__(embedding_size, num_classes, scale=scale)
        self.margin = margin

    def _logits(self, cosines: Tensor, labels: Tensor) -> Tensor:
        return circle_logits(cosines, labels, margin=self.margin, scale=self.scale)


class SubCenterHead(ArcFaceHead):
    """ArcFace with several centers a class, of which the nearest counts: noise finds its own.

    Args:
        embedding_size: D.
        num_classes: C.
        centers: K of each class.
        margin: in radians.
        scale: of the logits.

    Source:
        Deng et al., "Sub-center ArcFace: Boosting Face Recognition by Large-Scale Noisy Web
        Faces", ECCV 2020, eq. 2 and section 3.3.
    """

    def __init__(
        self,
        embedding_size: int,
        num_classes: int,
        *,
        centers: int = 3,
        margin: float = 0.5,
        scale: float = 64.0,
    ) -> None:
        super().__init__(embedding_size, num_classes, margin=margin, scale=scale)
        if centers < 1:
            raise ValueError(f"a class needs at least one center, not {centers}")
        self.weight = nn.Parameter(torch.empty(num_classes, centers, embedding_size))
        nn.init.xavier_uniform_(self.weight.data.view(-1, embedding_size))
