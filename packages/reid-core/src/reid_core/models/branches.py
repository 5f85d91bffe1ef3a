"""Models of several branches: each describes the person or a part, the joint output is all."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from reid_core.models.neck import Head
from reid_core.models.reid_model import ReidOutput

__all__ = ["Branch", "joined", "stripes"]


class Branch(nn.Module):
    """One branch's reduction and neck.

    Args:
        head: pooled vectors to features and embeddings.
        is_part: whether it describes a part of the person only.
    """

    def __init__(self, head: Head, *, is_part: bool = False) -> None:
        super().__init__()
        self.head = head
        self.is_part = is_part

    def forward(self, pooled: Tensor) -> ReidOutput:
        """Output of one branch for pooled vectors (B, C)."""
        feature, embedding = self.head(pooled)
        return ReidOutput(feature, embedding, is_part=self.is_part)


def joined(
    branches: Sequence[ReidOutput],
    *,
    feature_map: Tensor | None = None,
    attention: Tensor | None = None,
) -> ReidOutput:
    """All branches as one output: their features and their embeddings, one behind the other.

    Examples:
        >>> one = ReidOutput(torch.zeros(2, 3), torch.ones(2, 3))
        >>> joined([one, one]).embedding.shape
        torch.Size([2, 6])
    """
    return ReidOutput(
        torch.cat([branch.feature for branch in branches], dim=1),
        torch.cat([branch.embedding for branch in branches], dim=1),
        feature_map,
        tuple(branches),
        attention,
    )


def stripes(features: Tensor, count: int) -> list[Tensor]:
    """Cut a map (B, C, H, W) into horizontal stripes of equal height, from top to bottom.

    Where ``count`` does not divide H, neighbours share a row, as in adaptive pooling.

    Raises:
        ValueError: the map has fewer rows than that.

    Examples:
        >>> [stripe.shape[2] for stripe in stripes(torch.zeros(1, 1, 8, 4), 3)]
        [3, 4, 3]
    """
    rows = features.shape[2]
    if rows < count:
        raise ValueError(
            f"a map of {rows} rows cannot be cut into {count} stripes; "
            "take a taller image_size, last_stride=1 or fewer parts"
        )
    bounds = [(k * rows // count, -(-(k + 1) * rows // count)) for k in range(count)]
    return [features[:, :, top:bottom] for top, bottom in bounds]
