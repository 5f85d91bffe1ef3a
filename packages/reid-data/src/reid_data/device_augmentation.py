"""What the loaders do to training images, done to a whole batch on its device.

The draws are the loader's: the same plans, made from the same seed. So where it is done changes
nothing but the time: the images are equal bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from reid_data.colours import jitter_colours
from reid_data.transforms import Plan

__all__ = ["PendingAugmentation", "augment_batch", "stack_plans"]


@dataclass(frozen=True)
class PendingAugmentation:
    """What is drawn for the images of a batch and not yet done.

    Attributes:
        plans: flip, shift down and right, and the erased box's top, left, height and width of
            each image, ``(B, 7)`` int64.
        fill: colour of the erased boxes, RGB.
        colours: see `reid_data.colours.jitter_colours`, ``(B, 4)`` float32; None for no change.
    """

    plans: Tensor
    fill: tuple[int, int, int]
    colours: Tensor | None = None

    def each(self, change: Callable[[Tensor], Tensor]) -> PendingAugmentation:
        """The same with other tensors, for example on another device."""
        colours = None if self.colours is None else change(self.colours)
        return replace(self, plans=change(self.plans), colours=colours)

    def apply(self, images: Tensor) -> Tensor:
        """Do it, on the device where images ``(B, 3, H, W)`` and plans are."""
        if self.colours is not None:
            images = jitter_colours(images, self.colours)
        return augment_batch(images, self.plans, fill=self.fill)


def stack_plans(plans: Sequence[Plan]) -> Tensor:
    """Plans as `augment_batch` takes them, ``(B, 7)`` int64."""
    rows = [(int(plan.flip), *plan.shift, *plan.erase) for plan in plans]
    return torch.tensor(rows, dtype=torch.int64).reshape(-1, 7)


def augment_batch(images: Tensor, plans: Tensor, *, fill: tuple[int, int, int]) -> Tensor:
    """Flip, move and erase each image as its plan says.

    Args:
        images: ``(B, 3, H, W)``, uint8.
        plans: on the same device, from `stack_plans`.
        fill: colour of an erased box, RGB.

    Returns:
        A new batch, equal to what `reid_data.transforms.Augmentation.apply` makes of each image;
        channels last in memory.

    Raises:
        ValueError: there is not one plan for each image, or the images are not of uint8.
    """
    if images.ndim != 4 or images.dtype != torch.uint8 or plans.shape != (len(images), 7):
        raise ValueError(
            "expected uint8 images (B, 3, H, W) and plans (B, 7), came "
            f"{images.dtype} {tuple(images.shape)} and {tuple(plans.shape)}"
        )
    height, width = images.shape[-2:]
    flip, down, right, *box = plans[:, :, None].unbind(dim=1)
    rows = torch.arange(height, device=images.device)
    columns = torch.arange(width, device=images.device)
    from_rows, from_columns = rows - down, columns - right
    seen = _inside(from_rows, height)[:, :, None] & _inside(from_columns, width)[:, None, :]
    from_columns = torch.where(flip.bool(), width - 1 - from_columns, from_columns)
    batch = torch.arange(len(images), device=images.device)[:, None, None]
    moved = images.permute(0, 2, 3, 1)[
        batch,
        from_rows.clamp(0, height - 1)[:, :, None],
        from_columns.clamp(0, width - 1)[:, None, :],
    ]
    top, left, box_height, box_width = box
    erased = (
        _inside(rows - top, box_height)[:, :, None] & _inside(columns - left, box_width)[:, None, :]
    )
    colour = torch.tensor(fill, dtype=torch.uint8, device=images.device)
    changed = torch.where(erased[..., None], colour, moved * seen[..., None])
    return changed.permute(0, 3, 1, 2)


def _inside(place: Tensor, size: Tensor | int) -> Tensor:
    return (place >= 0) & (place < size)
