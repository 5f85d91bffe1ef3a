"""Features that tell people apart by anything but their clothes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reid_core.losses.checks import check_rows
from reid_core.losses.precision import in_full_precision

__all__ = ["ClothesAdversarialLoss", "clothes_adversarial_loss"]


@in_full_precision
def clothes_adversarial_loss(
    logits: Tensor, clothes: Tensor, positives: Tensor, *, epsilon: float = 0.1
) -> Tensor:
    """A person's outfits shall all look alike to a classifier of outfits.

    ``mean_i -sum_{c in P_i} q_ic log(exp z_ic / (exp z_ic + sum_{j not in P_i} exp z_ij))`` with
    the outfits P_i of the person and ``q_ic = (1 - epsilon) [c = c_i] + epsilon / |P_i|``: each
    outfit of the person competes with those of others, never with the person's own ones.

    Args:
        logits: of the classifier of outfits, (B, C); half precision is widened. Keep its weights
            out of the gradient: it is to stay good at what the features shall no longer show.
        clothes: outfit of each image, (B,) integers.
        positives: which outfits are those of the image's person, (B, C) booleans.
        epsilon: weight that is shared by all outfits of the person.

    Returns:
        A scalar, at least float32.

    Raises:
        ValueError: shapes or types do not fit, or epsilon is not between 0 and 1.

    Source:
        Gu et al., "Clothes-Changing Person Re-identification with RGB Modality Only", CVPR 2022,
        eq. 5 to 8.

    Examples:
        >>> logits = torch.tensor([[1.0, 3.0, 0.0]])
        >>> own = torch.tensor([[True, True, False]])
        >>> round(clothes_adversarial_loss(logits, torch.tensor([0]), own).item(), 4)
        0.3
    """
    check_rows(logits, kind="logits (B, C)")
    if positives.shape != logits.shape or positives.dtype != torch.bool:
        came = f"{positives.dtype} {tuple(positives.shape)}"
        raise ValueError(f"expected booleans {tuple(logits.shape)} of a person's outfits, {came}")
    if clothes.shape != logits.shape[:1] or clothes.is_floating_point():
        came = f"{clothes.dtype} {tuple(clothes.shape)}"
        raise ValueError(f"expected one outfit for each of {len(logits)} rows, came {came}")
    if not 0 <= epsilon <= 1:
        raise ValueError(f"epsilon must be between 0 and 1, not {epsilon}")
    # The smallest number rather than minus infinity: where nobody else is there, gradients are 0.
    others = logits.masked_fill(positives, torch.finfo(logits.dtype).min).logsumexp(1, keepdim=True)
    chance = logits - torch.logaddexp(logits, others)
    shared = positives / positives.sum(dim=1, keepdim=True).clamp(min=1)
    own = torch.zeros_like(logits).scatter(1, clothes[:, None], 1.0)
    target = (1 - epsilon) * own + epsilon * shared
    return -(target * chance).sum(dim=1).mean()


class ClothesAdversarialLoss(nn.Module):
    """[`clothes_adversarial_loss`][reid_core.losses] with its settings.

    Args:
        epsilon: weight that is shared by all outfits of a person.
    """

    def __init__(self, *, epsilon: float = 0.1) -> None:
        super().__init__()
        self.epsilon = epsilon

    def forward(self, logits: Tensor, clothes: Tensor, positives: Tensor) -> Tensor:
        """Loss of logits (B, C) of images in outfits (B,), with the persons' outfits (B, C)."""
        return clothes_adversarial_loss(logits, clothes, positives, epsilon=self.epsilon)
