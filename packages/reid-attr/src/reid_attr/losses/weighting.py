"""Weights that make up for how rare an attribute is."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

__all__ = ["Weighting", "positive_ratios", "sample_weights"]

Weighting = Literal["exponential", "square-root"]


def positive_ratios(labels: Tensor) -> Tensor:
    """Share of 1 among the known labels of each attribute, ``(K,)``; 0 where none is known.

    Args:
        labels: of the training images ``(N, K)``; 1, 0 or -1 for unknown.
    """
    known = (labels >= 0).sum(dim=0)
    return (labels == 1).sum(dim=0) / known.clamp(min=1)


def sample_weights(
    labels: Tensor,
    ratios: Tensor,
    *,
    weighting: Weighting = "exponential",
    clip: tuple[float, float] = (0.01, 0.99),
) -> Tensor:
    """How much each label counts, ``(B, K)``: more for what is rare; 0 where it is unknown.

    With r the clipped share of positives, ``exponential`` weighs a positive with exp(1 - r) and a
    negative with exp(r); ``square-root`` weighs them with sqrt(1 / (2 sqrt(r))) and
    sqrt(1 / (2 (1 - sqrt(r)))).
    Clipping keeps the weight of an attribute without positives finite, which the published forms
    do not.

    Args:
        labels: ``(B, K)`` of 1, 0 or -1.
        ratios: share of positives in training ``(K,)``, see `positive_ratios`.
        weighting: which form.
        clip: bounds of the ratios.

    Raises:
        ValueError: the ratios have another shape, an unknown form, or bounds outside (0, 1).

    Source:
        Li et al., Multi-attribute Learning for Pedestrian Attribute Recognition in Surveillance
        Scenarios, ACPR 2015, for the exponential form.
    """
    if ratios.shape != labels.shape[1:]:
        raise ValueError(f"expected {labels.shape[1]} ratios, came {tuple(ratios.shape)}")
    if not 0 < clip[0] <= clip[1] < 1:
        raise ValueError(f"clip must be two bounds within 0 and 1, came {clip}")
    r = ratios.clamp(*clip)
    if weighting == "exponential":
        positive, negative = torch.exp(1 - r), torch.exp(r)
    elif weighting == "square-root":
        positive, negative = (1 / (2 * r.sqrt())).sqrt(), (1 / (2 * (1 - r.sqrt()))).sqrt()
    else:
        raise ValueError(f"weighting must be exponential or square-root, came {weighting!r}")
    zero = torch.zeros((), dtype=r.dtype, device=r.device)
    return torch.where(labels == 1, positive, torch.where(labels == 0, negative, zero))
