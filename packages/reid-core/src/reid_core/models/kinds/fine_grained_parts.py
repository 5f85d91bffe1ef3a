"""What the fine-grained branch is made of: an attention map, a context over places, a pooling."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["PlaceContext", "attended_mean", "attention_map"]


def attention_map(features: Tensor, weights: Tensor, *, eps: float = 1e-5) -> Tensor:
    """How much each place of a map counts, between 0 and 1, each image by itself.

    ``sigmoid((s - mean(s)) / std(s))`` with ``s = sum_c weights_c features_c``, mean and deviation
    over the places of one image. The published code subtracts the smallest value of the whole
    batch instead, so that it lies in [0.5, 1), saturates, and depends on who else is in the batch.

    Args:
        features: (N, C, H, W).
        weights: (N, C), of the channels.
        eps: added to the variance.

    Returns:
        (N, H, W).

    Examples:
        >>> places = torch.tensor([[[[0.0, 1.0]]]])
        >>> attention_map(places, torch.ones(1, 1)).round(decimals=2)
        tensor([[[0.2700, 0.7300]]])
    """
    scores = torch.einsum("nchw,nc->nhw", features, weights)
    variance, mean = torch.var_mean(scores, dim=(1, 2), correction=0, keepdim=True)
    return ((scores - mean) * (variance + eps).rsqrt()).sigmoid()


class PlaceContext(nn.Module):
    """Adds to each place of a clip what places like it hold, in this frame and the others.

    ``Z + W(softmax(theta^T theta) g)`` with unit vectors theta; it does nothing at first.

    Args:
        channels: C.
        inner: channels in which places are compared.

    Source:
        The fine-grained branch of arXiv 2011.13475.
    """

    def __init__(self, channels: int, *, inner: int) -> None:
        super().__init__()
        self.theta = nn.Linear(channels, inner, bias=False)
        self.g = nn.Linear(channels, inner, bias=False)
        self.out = nn.Linear(inner, channels, bias=False)
        nn.init.zeros_(self.out.weight)

    def forward(self, places: Tensor) -> Tensor:
        """Map (B, N, C), N = T H W places of a clip, to the same shape."""
        theta = F.normalize(self.theta(places).relu(), dim=2)
        affinity = (theta @ theta.transpose(1, 2)).softmax(dim=2)
        added: Tensor = self.out(affinity @ self.g(places).relu())
        return places + added


def attended_mean(features: Tensor, attention: Tensor) -> Tensor:
    """``sum(Z) / sum(a)`` over the places of each map; Z is weighted by the attention already.

    Args:
        features: (N, C, H, W).
        attention: (N, H, W).

    Returns:
        (N, C).
    """
    return features.sum(dim=(2, 3)) / attention.sum(dim=(1, 2))[:, None]
