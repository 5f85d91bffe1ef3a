"""Parts that the generator's image stream does not see, so that their codes have to tell."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from reid_data.preprocess.heatmaps import PARTS

__all__ = ["GARMENTS", "hide_parts", "parts_of", "rows_of"]

_ARMS = tuple(name for name in PARTS if name.endswith("_arm"))
_LEGS = tuple(name for name in PARTS if name.endswith(("_thigh", "_shin")))

GARMENTS: dict[str, tuple[str, ...]] = {
    "upper": ("torso", *_ARMS),
    "lower": _LEGS,
    "all": ("torso", *_ARMS, *_LEGS),
}
"""What ``--change-clothes`` knows besides the names of single parts."""

# Clothes are wider than a body, so a little of the capsule's soft edge is hidden too.
_EDGE = 0.1


def parts_of(names: Sequence[str]) -> tuple[str, ...]:
    """The parts that garments and parts name, in the order of `PARTS`.

    Raises:
        ValueError: a name is neither.

    Examples:
        >>> parts_of(["lower"])
        ('right_thigh', 'right_shin', 'left_thigh', 'left_shin')
    """
    known = {**GARMENTS, **{name: (name,) for name in PARTS}}
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise ValueError(
            f"expected clothes of {', '.join(known)}, came {', '.join(unknown) or 'none'}"
        )
    chosen = {part for name in names for part in known[name]}
    return tuple(part for part in PARTS if part in chosen)


def rows_of(parts: Sequence[str], *, count: int, device: torch.device | str = "cpu") -> Tensor:
    """Bool (count, 10): which of the ten parts these are, the same for each image."""
    chosen = torch.tensor([part in parts for part in PARTS], device=device)
    return chosen.expand(count, len(PARTS))


def hide_parts(images: Tensor, maps: Tensor, hidden: Tensor) -> Tensor:
    """Images without some parts of their bodies, which become grey.

    Args:
        images: (B, 3, H, W) in -1 .. 1.
        maps: (B, 10, H, W), where the parts are.
        hidden: bool (B, 10), which of them to hide.

    Returns:
        (B, 3, H, W); the arguments stay as they are.
    """
    cover = (maps * hidden[:, :, None, None]).amax(dim=1, keepdim=True) > _EDGE
    return images.masked_fill(cover, 0.0)
