"""A trained model that others learn from."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from reid_core.models import ReidOutput, load_model
from reid_core.training.loop.passing import run_model
from reid_data import Batch

__all__ = ["Teacher"]


class Teacher:
    """A frozen model of a checkpoint folder; no part of what is trained or saved.

    Args:
        folder: the checkpoint; a recipe leaves it to the user to name one.

    Attributes:
        folder: the checkpoint.
        model: in evaluation mode.

    Raises:
        ValueError: none is named, or the folder is no checkpoint.
    """

    def __init__(self, folder: str | None) -> None:
        if folder is None:
            raise ValueError(
                "a teacher is missing; name the checkpoint folder of a trained network by teacher"
            )
        self.folder = folder
        self.model = load_model(folder).requires_grad_(False)

    @torch.no_grad()
    def describe(self, batch: Batch, rows: Tensor | None = None) -> ReidOutput:
        """What it says of a batch's own images, resized to what it takes, in float32.

        Args:
            batch: the images.
            rows: which of them; none: all.

        Raises:
            ValueError: the batch holds the labels of all processes, and not all images.
        """
        images, camids = batch.images, batch.camids
        if len(images) != len(batch):
            raise ValueError(
                f"a teacher must see all {len(batch)} images of the batch, came {len(images)}; "
                "set gather: false for its term"
            )
        if rows is not None:
            images, camids = images[rows], camids[rows]
        model = self.model.to(images.device)
        resized = _resized(images, model.preprocessing.image_size)
        return run_model(model, resized, camids=camids).float()

    def embeddings(self, batch: Batch) -> Tensor:
        """Embeddings (B, D) of a batch's own images, in float32."""
        return self.describe(batch).embedding


def _resized(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Images (..., 3, H, W) as uint8 of a size, themselves where they have it."""
    if images.shape[-2:] == size:
        return images
    flat = images.flatten(0, -4).float()
    smooth = F.interpolate(flat, size, mode="bilinear", antialias=True, align_corners=False)
    return smooth.round().clamp(0, 255).to(torch.uint8).view(*images.shape[:-2], *size)
