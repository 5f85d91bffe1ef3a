"""Whether two networks say the same of the same images."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["Agreement", "measure_agreement"]


@dataclass(frozen=True)
class Agreement:
    """Cosine similarities between the embeddings of one image by two networks.

    Both are centred first, by the mean of the reference: what all images have in common would
    hide any difference between them.

    Attributes:
        mean: over the images.
        worst: of all images.
        images: how many were compared.
    """

    mean: float
    worst: float
    images: int

    def holds(self, *, mean: float = 0.999, worst: float = 0.995) -> bool:
        """Whether it is at least this good, on average and at worst."""
        return self.mean >= mean and self.worst >= worst


def measure_agreement(found: Tensor, reference: Tensor) -> Agreement:
    """Compare embeddings (N, D) with those of a reference (N, D).

    Raises:
        ValueError: the shapes differ, or there are fewer than two images to tell apart.

    Examples:
        >>> reference = torch.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]])
        >>> measure_agreement(2 * reference - reference.mean(0), reference).holds()
        True
    """
    if found.shape != reference.shape or found.ndim != 2 or len(found) < 2:
        raise ValueError(
            f"expected two times (N, D) of at least two images, "
            f"got {tuple(found.shape)} and {tuple(reference.shape)}"
        )
    if not torch.isfinite(found).all():
        return Agreement(mean=-1.0, worst=-1.0, images=len(found))
    center = reference.double().mean(dim=0)
    cosines = F.cosine_similarity(found.double() - center, reference.double() - center)
    return Agreement(float(cosines.mean()), float(cosines.min()), len(found))
