"""One trunk's summary looks at the other trunk's places."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

__all__ = ["CrossFusion"]


class CrossFusion(nn.Module):
    """A token asks itself and the tokens of another trunk: q + attention(q, [q; others]).

    Args:
        width: D of all tokens.
        heads: parts of the width that attend by themselves.

    Raises:
        ValueError: the heads do not divide the width.
    """

    def __init__(self, width: int, *, heads: int = 8) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"{heads} heads do not divide the width {width}")
        self.heads = heads
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.out = nn.Linear(width, width)

    def forward(self, token: Tensor, others: Tensor) -> Tensor:
        """Map a token ``(B, D)`` and others ``(B, N, D)`` to ``(B, D)``."""
        context = torch.cat([token[:, None], others], dim=1)
        query = self._split(self.query(token[:, None]))
        key, value = self._split(self.key(context)), self._split(self.value(context))
        found = scaled_dot_product_attention(query, key, value).flatten(1)
        result: Tensor = token + self.out(found)
        return result

    def _split(self, tokens: Tensor) -> Tensor:
        """``(B, N, D)`` to ``(B, heads, N, D / heads)``."""
        parts: Tensor = tokens.reshape(*tokens.shape[:2], self.heads, -1)
        return parts.transpose(1, 2)
