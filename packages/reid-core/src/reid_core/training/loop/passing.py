"""Raw pixels through a model, whatever it takes: images or clips, with cameras or without."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reid_core.models import ReidModel, ReidOutput

__all__ = ["branch_sizes", "run_model"]


def run_model(
    model: nn.Module,
    images: Tensor,
    *,
    camids: Tensor | None = None,
    layout: torch.memory_format = torch.channels_last,
) -> ReidOutput:
    """Normalise and describe a batch.

    Args:
        model: takes float images (B, 3, H, W), or float clips (B, T, 3, H, W); where it has a true
            attribute ``needs_cameras`` it is also given ``camids``.
        images: uint8, (B, 3, H, W) or (B, T, 3, H, W).
        camids: cameras (B,), -1 where unknown.
        layout: memory order of the images; the frames of a clip follow it one by one.
    """
    flat = images.flatten(0, -4) if images.ndim == 5 else images
    normalized: Tensor = model.preprocessing.normalize(flat)  # type: ignore[operator,union-attr]
    normalized = normalized.contiguous(memory_format=layout)
    if images.ndim == 5:
        normalized = normalized.reshape(*images.shape[:2], *normalized.shape[1:])
    more = {"camids": camids} if getattr(model, "needs_cameras", False) else {}
    output: ReidOutput = model(normalized, **more)
    return output


@torch.no_grad()
def branch_sizes(model: ReidModel) -> tuple[int, ...]:
    """Lengths of the vectors of a model's branches.

    A model whose branches differ between training and evaluation says so by an attribute of this
    name; of others one empty image or clip shows it.
    """
    known = getattr(model, "branch_sizes", None)
    if known is not None:
        return tuple(known)
    height, width = model.preprocessing.image_size
    frames = (2,) if model.takes_clips else ()
    images = torch.zeros(1, *frames, 3, height, width, dtype=torch.uint8)
    before = model.training
    try:
        output = run_model(model.eval(), images, camids=torch.zeros(1, dtype=torch.int64))
    finally:
        model.train(before)
    return tuple(branch.feature.shape[1] for branch in output.branches)
