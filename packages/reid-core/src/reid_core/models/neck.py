"""What stands between the pooling and the embedding."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

__all__ = ["BNNeck", "Head", "NeckName"]

NeckName = Literal["bn", "fc", "none"]


class BNNeck(nn.BatchNorm1d):
    """Batch normalisation whose bias stays 0.

    The metric losses see the feature in front of it, the softmax and the retrieval the embedding
    behind it. Without a bias the embeddings stay centred on the origin, where angles between them
    mean what the cosine distance measures.

    Args:
        num_features: D.

    Source:
        Luo et al., "Bag of Tricks and a Strong Baseline for Deep Person Re-identification",
        CVPR Workshops 2019, section 3.5.

    Examples:
        >>> import torch
        >>> BNNeck(4)(torch.randn(2, 4)).shape
        torch.Size([2, 4])
    """

    def __init__(self, num_features: int) -> None:
        super().__init__(num_features)
        self.bias.requires_grad_(False)


class Head(nn.Module):
    """Pooled vectors to features for metric losses and embeddings for softmax and retrieval.

    Args:
        num_features: C of the pooled vectors.
        embed_dim: D, to which a linear map reduces them; none: C, without a linear map (``fc``:
            512).
        neck: ``"bn"``: a [`BNNeck`][reid_core.models] makes the embedding of the feature;
            ``"fc"``: a linear map, batch normalisation and a ReLU make the feature, which is the
            embedding as well (OSNet); ``"none"``: the feature is the embedding.

    Attributes:
        output_size: D.
        reduction: pooled vectors to features.
        neck: features to embeddings.
    """

    def __init__(self, num_features: int, *, embed_dim: int | None, neck: NeckName = "bn") -> None:
        super().__init__()
        if neck not in ("bn", "fc", "none"):
            raise ValueError(f"neck must be bn, fc or none, not {neck!r}")
        if embed_dim is not None and embed_dim < 1:
            raise ValueError(f"embed_dim must be at least 1, or none, not {embed_dim}")
        self.output_size = embed_dim or (512 if neck == "fc" else num_features)
        self.reduction = _reduction(num_features, embed_dim, self.output_size, neck)
        self.neck = BNNeck(self.output_size) if neck == "bn" else nn.Identity()

    def forward(self, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """Feature and embedding (B, D) of pooled vectors (B, C)."""
        feature = self.reduction(pooled)
        return feature, self.neck(feature)


def _reduction(num_features: int, embed_dim: int | None, size: int, neck: NeckName) -> nn.Module:
    if neck != "fc" and embed_dim is None:
        return nn.Identity()
    linear = nn.Linear(num_features, size, bias=neck == "fc")
    nn.init.kaiming_normal_(linear.weight, mode="fan_out", nonlinearity="relu")
    if linear.bias is None:
        return linear
    nn.init.zeros_(linear.bias)
    return nn.Sequential(linear, nn.BatchNorm1d(size), nn.ReLU())
