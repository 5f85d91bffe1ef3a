"""Attention between the channels of a map, each described by where it is active."""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["ChannelAttention"]


class ChannelAttention(nn.Module):
    """Channels attend to channels: the map is read as C tokens of N places each.

        q, k, v = x W;  y = softmax(q k^T / sqrt(N)) v;  x + dropout(y)

    with one head, no normalisation and no output projection.

    Args:
        places: N, height times width of the map.
        dropout: probability that an element of y is dropped.
        scrambled: read y, transposed, in another order of memory, as the published code does; only
            for its checkpoints.

    Source:
        C2T-Net, winner of the UPAR challenge 2024, track 1, as published in code.
    """

    def __init__(self, places: int, *, dropout: float = 0.1, scrambled: bool = False) -> None:
        super().__init__()
        self.query = nn.Linear(places, places)
        self.key = nn.Linear(places, places)
        self.value = nn.Linear(places, places)
        self.dropout = nn.Dropout(dropout)
        self.scrambled = scrambled

    def forward(self, channels: Tensor) -> Tensor:
        """Map ``(B, C, N)`` to the same shape."""
        query, key, value = self.query(channels), self.key(channels), self.value(channels)
        scores = query @ key.transpose(1, 2) * channels.shape[2] ** -0.5
        mixed = scores.softmax(dim=2) @ value
        if self.scrambled:
            mixed = mixed.transpose(1, 2).reshape(channels.shape)
        result: Tensor = channels + self.dropout(mixed)
        return result
