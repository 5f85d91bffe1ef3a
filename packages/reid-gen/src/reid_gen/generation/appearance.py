"""What each part of a body looks like, apart from where it is; with it clothes change owners."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from reid_data.preprocess.heatmaps import PARTS
from reid_gen.generation.layers import Norm, encoder

__all__ = ["AppearanceEncoder", "part_means", "swap_parts"]


def part_means(features: Tensor, parts: Tensor) -> Tensor:
    """The mean of features under each part's map, and a last one of what no part covers.

    Args:
        features: (B, C, H, W).
        parts: (B, P, H', W'), 0 .. 1, resized to the features.

    Returns:
        (B, P + 1, C); zero for a part that is not there.
    """
    maps = interpolate(parts, features.shape[2:], mode="area")
    rest = (1 - torch.amax(maps, dim=1, keepdim=True)).clamp_min(0)
    maps = torch.cat([maps, rest], dim=1).flatten(2)
    sums = maps @ features.flatten(2).mT
    return sums / maps.sum(dim=2, keepdim=True).clamp_min(1e-6)


def swap_parts(codes: Tensor, donors: Tensor, *, parts: Sequence[str]) -> Tensor:
    """The codes with some parts of other people.

    Args:
        codes: (B, 11, C), of the ten `PARTS` and of the rest.
        donors: the same shape.
        parts: whose code is the donor's, for example ``("right_thigh", "right_shin")``.

    Returns:
        (B, 11, C); the arguments stay as they are.

    Raises:
        ValueError: there is no such part, or the shapes differ.
    """
    unknown = [part for part in parts if part not in PARTS]
    if unknown or codes.shape != donors.shape:
        raise ValueError(
            f"expected parts of {', '.join(PARTS)} and codes of one shape, came "
            f"{', '.join(unknown) or 'those'}, {tuple(codes.shape)} and {tuple(donors.shape)}"
        )
    swapped = codes.clone()
    rows = [PARTS.index(part) for part in parts]
    swapped[:, rows] = donors[:, rows]
    return swapped


class AppearanceEncoder(nn.Module):
    """Features of an image, averaged over each part of its body.

    Args:
        width: channels of the first layer; a code has four times as many.
        norm: of its layers.
    """

    def __init__(self, *, width: int = 64, norm: Norm = "instance") -> None:
        super().__init__()
        self.features = encoder(3, width, norm)

    def forward(self, images: Tensor, parts: Tensor) -> Tensor:
        """Codes (B, P + 1, 4 width) of images (B, 3, H, W) and part maps (B, P, H, W)."""
        return part_means(self.features(images), parts)
