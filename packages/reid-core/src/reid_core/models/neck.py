"""The BNNeck: one batch normalisation between the metric losses and the softmax."""

from __future__ import annotations

from torch import nn

__all__ = ["BNNeck"]


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
