"""What a camera and a view add to what it sees."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["SideEmbedding"]


class SideEmbedding(nn.Module):
    """One learned vector for each camera and view; the mean of all for an unknown one.

    Args:
        num_features: D.
        cameras: one more than the largest camid; 0: cameras do not count.
        views: one more than the largest view; 0: views do not count.
        weight: factor of the vectors.

    Source:
        He et al., "TransReID: Transformer-based Object Re-Identification", ICCV 2021, section 3.4.

    Examples:
        >>> SideEmbedding(4, cameras=6)(2, torch.tensor([0, -1])).shape
        torch.Size([2, 4])
    """

    def __init__(
        self, num_features: int, *, cameras: int = 0, views: int = 0, weight: float = 3.0
    ) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(max(cameras, 1), max(views, 1), num_features))
        self.weight = weight
        self._counts = (cameras, views)
        nn.init.trunc_normal_(self.table, std=0.02)

    def forward(self, batch: int, camids: Tensor | None, viewids: Tensor | None = None) -> Tensor:
        """Vectors (B, D) for ids (B,), int64; -1 or none for what is not known.

        Raises:
            ValueError: an id is larger than was said.
        """
        table: Tensor = self.table
        for axis, (ids, count) in enumerate(zip((camids, viewids), self._counts, strict=True)):
            known = ids if count else None
            table = _chosen(table, known, batch, axis, ("camid", "viewid")[axis])
        return table * self.weight


def _chosen(table: Tensor, ids: Tensor | None, batch: int, axis: int, name: str) -> Tensor:
    """Rows for cameras (cameras, views, D) -> (B, views, D), then for views -> (B, D)."""
    mean = table.mean(dim=axis, keepdim=True)
    if axis == 0:
        mean = mean.expand(batch, -1, -1)
    if ids is None:
        return mean if axis == 0 else mean[:, 0]
    if not torch.compiler.is_compiling() and int(ids.max()) >= table.shape[axis]:
        option = {"camid": "cameras", "viewid": "views"}[name]
        raise ValueError(
            f"{name} {int(ids.max())} came, but the model was built for {table.shape[axis]}; "
            f"set its option {option} to one more than the largest {name}"
        )
    index = ids.clamp(min=0)
    rows = table[index] if axis == 0 else table[torch.arange(batch, device=ids.device), index]
    usual = mean if axis == 0 else mean[:, 0]
    unknown = (ids < 0).view(-1, *[1] * (rows.ndim - 1))
    return torch.where(unknown, usual, rows)
