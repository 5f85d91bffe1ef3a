"""From a feature map to one vector."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from reid_core.registry import Registry

__all__ = [
    "AveragePooling",
    "GemPooling",
    "Pooling",
    "PoolingName",
    "average_pool",
    "gem_pool",
    "poolings",
]

PoolingName = Literal["avg", "gem"]


def average_pool(features: Tensor) -> Tensor:
    """Mean over all places of a map (B, C, H, W), as (B, C)."""
    return features.mean(dim=(2, 3))


def gem_pool(features: Tensor, p: Tensor | float = 3.0, *, eps: float = 1e-6) -> Tensor:
    """Generalised mean over all places of a map: ``mean(max(x, eps)^p)^(1/p)``.

    ``p = 1`` is the average, a large ``p`` approaches the maximum. Negative values count as
    ``eps``: meant for maps behind a ReLU.

    Args:
        features: (B, C, H, W); half precision is widened for the powers.
        p: exponent, greater than 0.
        eps: smallest value, which keeps the gradient of ``p`` finite.

    Returns:
        (B, C), in the type of ``features``.

    Source:
        Radenović et al., "Fine-tuning CNN Image Retrieval with No Human Annotation", 2018, eq. 3.

    Examples:
        >>> gem_pool(torch.tensor([[[[1.0, 2.0]]]]), 2.0) ** 2
        tensor([[2.5000]])
    """
    wide = features.float() if features.dtype in (torch.float16, torch.bfloat16) else features
    pooled = wide.clamp(min=eps).pow(p).mean(dim=(2, 3)).pow(1 / p)
    return pooled.to(features.dtype)


class Pooling(nn.Module):
    """Turns a map (B, C, H, W) into vectors (B, D).

    Args:
        num_features: C.

    Attributes:
        output_size: D, which is C unless a pooling joins several.
    """

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.output_size = num_features

    def forward(self, features: Tensor) -> Tensor:
        """Pool a map (B, C, H, W) to (B, D)."""
        raise NotImplementedError


poolings: Registry[type[Pooling]] = Registry("pooling")


@poolings.register("avg")
class AveragePooling(Pooling):
    """[`average_pool`][reid_core.models] as a module."""

    def forward(self, features: Tensor) -> Tensor:
        """Pool a map (B, C, H, W) to (B, C)."""
        return average_pool(features)


@poolings.register("gem")
class GemPooling(Pooling):
    """[`gem_pool`][reid_core.models] with an exponent that is learned, one for all channels.

    Args:
        num_features: C.
        p: exponent to start from.
    """

    def __init__(self, num_features: int, *, p: float = 3.0) -> None:
        super().__init__(num_features)
        self.p = nn.Parameter(torch.tensor([p]))

    def forward(self, features: Tensor) -> Tensor:
        """Pool a map (B, C, H, W) to (B, C)."""
        return gem_pool(features, self.p)
