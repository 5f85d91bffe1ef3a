"""Distances between all pairs of two sets of features, with gradients."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from reid_core.losses.precision import in_full_precision

__all__ = ["Metric", "pairwise_distance"]

Metric = Literal["euclidean", "squared_euclidean", "cosine"]
_SMALLEST = 1e-6  # the square root of the 1e-12 under which published code clamps squares


@in_full_precision
def pairwise_distance(first: Tensor, second: Tensor, *, metric: Metric = "euclidean") -> Tensor:
    """Distance of each row of ``first`` (A, D) from each row of ``second`` (B, D).

    ``"euclidean"`` is ``sqrt(max(sum((a - b)^2), 1e-12))`` of the features as they are; where the
    clamp bites, the gradient is zero. It is computed from differences, not as
    ``a.a + b.b - 2 a.b``: with un-normalised features the latter loses in float32 just the small
    distances that tell hard pairs apart. ``"squared_euclidean"`` is its square, with the same
    floor. ``"cosine"`` is ``1 - cos(a, b)``, in [0, 2].

    Args:
        first: features (A, D); half precision is widened to float32.
        second: features (B, D).
        metric: which distance.

    Returns:
        Distances (A, B), at least float32.

    Raises:
        ValueError: shapes do not fit or the metric is unknown.

    Examples:
        >>> pairwise_distance(torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0]]))
        tensor([[5.]])
    """
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1]:
        shapes = f"{tuple(first.shape)} and {tuple(second.shape)}"
        raise ValueError(f"expected features (A, D) and (B, D) of one length D, came {shapes}")
    if metric in ("euclidean", "squared_euclidean"):
        exact = "donot_use_mm_for_euclid_dist"
        distances = torch.cdist(first, second, compute_mode=exact).clamp(min=_SMALLEST)
        return distances if metric == "euclidean" else distances.square()
    if metric == "cosine":
        return 1 - F.normalize(first, dim=1) @ F.normalize(second, dim=1).T
    known = "'euclidean', 'squared_euclidean' or 'cosine'"
    raise ValueError(f"metric must be {known}, not {metric!r}")
