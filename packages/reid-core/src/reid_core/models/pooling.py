"""From a feature map to one vector."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reid_core.registry import Registry

__all__ = [
    "AttentivePooling",
    "AveragePooling",
    "GemPooling",
    "MaxAveragePooling",
    "MaxBesideAveragePooling",
    "MaxPooling",
    "Pooling",
    "PoolingName",
    "attentive_pool",
    "average_pool",
    "gem_pool",
    "max_pool",
    "poolings",
]

PoolingName = str
"""A name in `poolings`: one of ours, or one that was registered there."""


def average_pool(features: Tensor) -> Tensor:
    """Mean over all places of a map (B, C, H, W), as (B, C)."""
    return features.mean(dim=(2, 3))


def max_pool(features: Tensor) -> Tensor:
    """Largest value over all places of a map (B, C, H, W), as (B, C)."""
    return features.amax(dim=(2, 3))


def attentive_pool(features: Tensor, scores: Tensor) -> Tensor:
    """Mean over all places, weighted by the softmax of their scores.

    Args:
        features: (B, C, H, W).
        scores: (B, 1, H, W).

    Returns:
        (B, C).

    Examples:
        >>> far = torch.tensor([[[[0.0, 50.0]]]])
        >>> attentive_pool(torch.tensor([[[[1.0, 2.0]]]]), far)
        tensor([[2.]])
    """
    weights = scores.flatten(2).softmax(dim=2)
    return (features.flatten(2) * weights).sum(dim=2)


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


@poolings.register("max")
class MaxPooling(Pooling):
    """[`max_pool`][reid_core.models] as a module."""

    def forward(self, features: Tensor) -> Tensor:
        """Pool a map (B, C, H, W) to (B, C)."""
        return max_pool(features)


@poolings.register("max+avg")
class MaxAveragePooling(Pooling):
    """The sum of maximum and average, which keeps the length C."""

    def forward(self, features: Tensor) -> Tensor:
        """Pool a map (B, C, H, W) to (B, C)."""
        return max_pool(features) + average_pool(features)


@poolings.register("max,avg")
class MaxBesideAveragePooling(Pooling):
    """Maximum and average, one behind the other, which doubles the length.

    Args:
        num_features: C; the output has 2C numbers.
    """

    def __init__(self, num_features: int) -> None:
        super().__init__(num_features)
        self.output_size = 2 * num_features

    def forward(self, features: Tensor) -> Tensor:
        """Pool a map (B, C, H, W) to (B, 2C)."""
        return torch.cat([max_pool(features), average_pool(features)], dim=1)


@poolings.register("attentive")
class AttentivePooling(Pooling):
    """[`attentive_pool`][reid_core.models] with scores that a linear map learns.

    All places count alike at first, as in an average.

    Args:
        num_features: C.
    """

    def __init__(self, num_features: int) -> None:
        super().__init__(num_features)
        # Without a bias, for the softmax would cancel it.
        self.score = nn.Conv2d(num_features, 1, 1, bias=False)
        nn.init.zeros_(self.score.weight)

    def forward(self, features: Tensor) -> Tensor:
        """Pool a map (B, C, H, W) to (B, C)."""
        return attentive_pool(features, self.score(features))


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
