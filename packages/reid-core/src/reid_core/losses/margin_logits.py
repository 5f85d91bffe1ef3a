"""What classifiers with a margin make of cosines."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from reid_core.losses.checks import check_features_and_labels, check_positive
from reid_core.losses.circle import circle_similarities
from reid_core.losses.precision import in_full_precision

__all__ = ["arcface_logits", "circle_logits", "cosface_logits"]

_SMALLEST = 1e-12  # under the root; the gradient of an angle of 0 would be infinite


@in_full_precision
def arcface_logits(
    cosines: Tensor, labels: Tensor, *, margin: float = 0.5, scale: float = 64.0
) -> Tensor:
    """``scale cos(theta + margin)`` for the own class, ``scale cos(theta)`` for the others.

    Where ``theta + margin`` exceeds pi the own logit is ``scale (cos(theta) - margin
    sin(margin))``, so that it keeps falling with the angle.

    Args:
        cosines: (B, C); half precision is widened.
        labels: true classes (B,), integers in 0..C-1.
        margin: in radians, from 0 to pi.
        scale: of all logits.

    Returns:
        Logits (B, C), at least float32.

    Raises:
        ValueError: shapes or types do not fit, or a setting is out of range.

    Source:
        Deng et al., "ArcFace: Additive Angular Margin Loss for Deep Face Recognition", CVPR 2019,
        eq. 3; beyond pi as in its published code.

    Examples:
        >>> arcface_logits(torch.tensor([[0.0, 0.5]]), torch.tensor([0]), margin=0.5, scale=1.0)
        tensor([[-0.4794,  0.5000]])
    """
    check_features_and_labels(cosines, labels)
    check_positive(scale=scale)
    if not 0 <= margin < math.pi:
        raise ValueError(f"margin must be an angle from 0 to pi, not {margin}")
    own = cosines.gather(1, labels.long()[:, None])
    sine = (1 - own.square()).clamp(min=_SMALLEST).sqrt()
    turned = own * math.cos(margin) - sine * math.sin(margin)
    beyond = own - margin * math.sin(margin)
    own = torch.where(own < -math.cos(margin), beyond, turned)
    return scale * cosines.scatter(1, labels.long()[:, None], own)


@in_full_precision
def cosface_logits(
    cosines: Tensor, labels: Tensor, *, margin: float = 0.35, scale: float = 64.0
) -> Tensor:
    """``scale (cos(theta) - margin)`` for the own class, ``scale cos(theta)`` for the others.

    Args:
        cosines: (B, C); half precision is widened.
        labels: true classes (B,), integers in 0..C-1.
        margin: at least 0.
        scale: of all logits.

    Returns:
        Logits (B, C), at least float32.

    Raises:
        ValueError: shapes or types do not fit, or a setting is out of range.

    Source:
        Wang et al., "CosFace: Large Margin Cosine Loss for Deep Face Recognition", CVPR 2018,
        eq. 4.

    Examples:
        >>> cosface_logits(torch.tensor([[0.5, 0.5]]), torch.tensor([1]), margin=0.25, scale=2.0)
        tensor([[1.0000, 0.5000]])
    """
    check_features_and_labels(cosines, labels)
    check_positive(scale=scale)
    if not margin >= 0:
        raise ValueError(f"margin must be at least 0, not {margin}")
    own = cosines.gather(1, labels.long()[:, None]) - margin
    return scale * cosines.scatter(1, labels.long()[:, None], own)


@in_full_precision
def circle_logits(
    cosines: Tensor, labels: Tensor, *, margin: float = 0.25, scale: float = 128.0
) -> Tensor:
    """Circle loss against classes: similarities weighted by how far they are from their optimum.

    With m the margin, ``scale [1 + m - s]+ (s - 1 + m)`` for the own class and
    ``scale [s + m]+ (s - m)`` for the others; no gradient flows through the bracketed weights.

    Args:
        cosines: s (B, C); half precision is widened.
        labels: true classes (B,), integers in 0..C-1.
        margin: m.
        scale: of all logits.

    Returns:
        Logits (B, C), at least float32.

    Raises:
        ValueError: shapes or types do not fit, or the scale is not positive.

    Source:
        Sun et al., "Circle Loss: A Unified Perspective of Pair Similarity Optimization", CVPR
        2020, eq. 6 with one positive; the defaults are those for person re-identification.

    Examples:
        >>> circle_logits(torch.tensor([[0.5, 0.5]]), torch.tensor([0]), margin=0.25, scale=8.0)
        tensor([[-1.5000,  1.5000]])
    """
    check_features_and_labels(cosines, labels)
    check_positive(scale=scale)
    near, far = circle_similarities(cosines, margin=margin)
    index = labels.long()[:, None]
    return scale * far.scatter(1, index, near.gather(1, index))
