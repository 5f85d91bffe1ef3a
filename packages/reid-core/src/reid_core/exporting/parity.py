"""Does a file embed as the network that it was made from?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Parity", "measure_parity", "worst_error"]


@dataclass(frozen=True)
class Parity:
    """How far the embeddings of a file lie from the original's.

    Attributes:
        images: how many were compared.
        worst: largest error of an image, |b - a| / |a| for embeddings a (original) and b.
        mean: mean of these errors.
    """

    images: int
    worst: float
    mean: float


def measure_parity(
    original: Callable[[Tensor], Tensor], other: Callable[[Tensor], Tensor], images: Tensor
) -> Parity:
    """Embed the images with both, the other in batches of one, two and the rest.

    Args:
        original: uint8 images (B, 3, H, W) to embeddings (B, D).
        other: the same in another runtime.
        images: (N, 3, H, W), at least four.

    Raises:
        ValueError: the shapes of the embeddings differ, or one is not finite.

    Examples:
        >>> images = torch.ones(4, 3, 2, 1, dtype=torch.uint8)
        >>> colours = lambda batch: batch.float().mean((2, 3))
        >>> measure_parity(colours, lambda batch: 1.5 * colours(batch), images)
        Parity(images=4, worst=0.5, mean=0.5)
    """
    with torch.inference_mode():
        expected = original(images).double().cpu()
        parts = (images[:1], images[1:3], images[3:])
        found = torch.cat([other(part) for part in parts]).double().cpu()
    if found.shape != expected.shape:
        raise ValueError(
            f"the file gives {tuple(found.shape)}, the network {tuple(expected.shape)}"
        )
    if not (found.isfinite().all() and expected.isfinite().all()):
        raise ValueError("embeddings hold values that are no finite numbers")
    lengths = expected.norm(dim=1).clamp_min(torch.finfo(torch.float32).tiny)
    errors = (found - expected).norm(dim=1) / lengths
    return Parity(len(images), float(errors.max()), float(errors.mean()))


def worst_error(found: Mapping[str, Parity]) -> float:
    """The largest error of all."""
    return max(parity.worst for parity in found.values())
