"""Every place of a map looks at all others."""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["NonLocal"]


class NonLocal(nn.Module):
    """Adds to each place what similar places hold; the affinity is a dot product over N places.

    ``x + W(theta(x)^T phi(x) / N * g(x))``. It does nothing at first: the normalisation at its end
    starts with weight 0.

    Args:
        channels: C of the map.
        inner: channels in which places are compared; none: half of C.

    Source:
        Wang et al., "Non-local Neural Networks", CVPR 2018, eq. 6; placed as in Ye et al., "Deep
        Learning for Person Re-identification: A Survey and Outlook", 2021 (AGW).

    Examples:
        >>> import torch
        >>> x = torch.randn(2, 8, 4, 3)
        >>> torch.equal(NonLocal(8)(x), x)
        True
    """

    def __init__(self, channels: int, *, inner: int | None = None) -> None:
        super().__init__()
        inner = inner or max(channels // 2, 1)
        self.g = nn.Conv2d(channels, inner, 1)
        self.theta = nn.Conv2d(channels, inner, 1)
        self.phi = nn.Conv2d(channels, inner, 1)
        self.W = nn.Sequential(nn.Conv2d(inner, channels, 1), nn.BatchNorm2d(channels))
        nn.init.zeros_(self.W[1].weight)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to the same shape, or, once inflated, (B, C, T, H, W)."""
        theta, phi, g = (part(x).flatten(2) for part in (self.theta, self.phi, self.g))
        affinity = theta.transpose(1, 2) @ phi / phi.shape[2]
        gathered = (affinity @ g.transpose(1, 2)).transpose(1, 2)
        added: Tensor = self.W(gathered.unflatten(2, x.shape[2:]))
        return x + added
