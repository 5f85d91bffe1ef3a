"""From the frames of a clip to one vector."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

__all__ = ["TemporalAttention", "TemporalMean", "TemporalName", "temporal_pooling"]

TemporalName = Literal["mean", "attention"]


class TemporalMean(nn.Module):
    """All frames count alike."""

    def forward(self, frames: Tensor) -> Tensor:
        """Pool (B, T, D) to (B, D)."""
        return frames.mean(dim=1)


class TemporalAttention(nn.Module):
    """Frames count by a score, which each gets in sight of its neighbours; softmax over the clip.

    All count alike at first.

    Args:
        num_features: D.
        inner: channels in which frames are compared with their neighbours.

    Source:
        Gao and Nevatia, "Revisiting Temporal Modeling for Video-based Person ReID", 2018, with
        the temporal convolution.
    """

    def __init__(self, num_features: int, *, inner: int = 256) -> None:
        super().__init__()
        self.reduce = nn.Linear(num_features, inner)
        self.score = nn.Conv1d(inner, 1, 3, padding=1, bias=False)
        nn.init.zeros_(self.score.weight)

    def forward(self, frames: Tensor) -> Tensor:
        """Pool (B, T, D) to (B, D)."""
        return (frames * self.weights(frames)[..., None]).sum(dim=1)

    def weights(self, frames: Tensor) -> Tensor:
        """How much each frame of (B, T, D) counts, as (B, T); each row sums to 1."""
        scores: Tensor = self.score(self.reduce(frames).relu().transpose(1, 2))
        return scores.squeeze(1).softmax(dim=1)


def temporal_pooling(name: TemporalName, num_features: int) -> nn.Module:
    """The pooling over frames of that name."""
    return TemporalMean() if name == "mean" else TemporalAttention(num_features)
