"""From a feature to logits."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["Adapter", "AttributeHead"]


class Adapter(nn.Module):
    """A narrow detour beside the classifier: s times Linear, ReLU, Dropout, Linear of LN(f).

    It begins as nothing (the last map is zero), so a model to which it is added starts as it was.

    Args:
        width: D of the feature.
        attributes: K.
        bottleneck: width in between.
        dropout: probability of dropping an element in between.

    Source:
        Chen et al., AdaptFormer: Adapting Vision Transformers for Scalable Visual Recognition,
        NeurIPS 2022, section 3.2.
    """

    def __init__(
        self, width: int, attributes: int, *, bottleneck: int = 8, dropout: float = 0.5
    ) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.down = nn.Linear(width, bottleneck)
        self.dropout = nn.Dropout(dropout)
        self.up = nn.Linear(bottleneck, attributes)
        self.scale = nn.Parameter(torch.ones(()))
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, feature: Tensor) -> Tensor:
        """Map ``(B, D)`` to ``(B, K)``."""
        narrow = self.dropout(self.down(self.norm(feature)).relu())
        result: Tensor = self.scale * self.up(narrow)
        return result


class AttributeHead(nn.Module):
    """Dropout, a linear classifier, perhaps batch normalisation of its logits, perhaps an adapter.

    Args:
        width: D of the feature.
        attributes: K.
        dropout: probability of dropping an element of the feature.
        batch_norm: normalise logits over the batch.
        adapter: width of an `Adapter`'s bottleneck; 0: none.
    """

    def __init__(
        self,
        width: int,
        attributes: int,
        *,
        dropout: float = 0.0,
        batch_norm: bool = False,
        adapter: int = 0,
    ) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(width, attributes)
        self.norm = nn.BatchNorm1d(attributes) if batch_norm else nn.Identity()
        self.adapter = Adapter(width, attributes, bottleneck=adapter) if adapter else None

    def forward(self, feature: Tensor) -> Tensor:
        """Map ``(B, D)`` to logits ``(B, K)``."""
        logits: Tensor = self.norm(self.classifier(self.dropout(feature)))
        return logits if self.adapter is None else logits + self.adapter(feature)
