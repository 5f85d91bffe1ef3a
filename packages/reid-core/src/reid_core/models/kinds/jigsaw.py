"""Patches of an image, shuffled into groups that each see the whole person."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["jigsaw"]


def jigsaw(patches: Tensor, *, groups: int, shift: int, shuffle: int = 2) -> list[Tensor]:
    """Roll the sequence, deal its patches out, and cut it into groups of one length.

    Rolled by ``shift``, the sequence is dealt out as cards are, to ``shuffle`` hands which then
    alternate. What is left over at the end goes to the last group.

    Args:
        patches: (B, N, C), row by row.
        groups: how many.
        shift: patches that move from the front to the end.
        shuffle: hands.

    Raises:
        ValueError: there are fewer patches than groups.

    Source:
        He et al., "TransReID: Transformer-based Object Re-Identification", ICCV 2021, section 3.3.

    Examples:
        >>> row = torch.arange(8.0).view(1, 8, 1)
        >>> [group.flatten().int().tolist() for group in jigsaw(row, groups=2, shift=1)]
        [[1, 5, 2, 6], [3, 7, 4, 0]]
    """
    count = patches.shape[1]
    if count < groups:
        raise ValueError(
            f"{count} patches cannot make {groups} groups; take a larger image_size, a smaller "
            "patch_stride or fewer jigsaw_groups"
        )
    rolled = torch.roll(patches, -shift, dims=1)
    missing = -count % shuffle
    if missing:
        rolled = torch.cat([rolled, rolled[:, -missing:]], dim=1)
    dealt = rolled.view(rolled.shape[0], shuffle, -1, rolled.shape[2]).transpose(1, 2).flatten(1, 2)
    length = dealt.shape[1] // groups
    ends = [*range(length, length * groups, length), dealt.shape[1]]
    return [dealt[:, end_before:end] for end_before, end in zip([0, *ends], ends, strict=False)]
