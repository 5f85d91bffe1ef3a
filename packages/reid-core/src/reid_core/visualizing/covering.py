"""Occlusion: which places an embedding misses when they are hidden."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from reid_core.models import ReidModel
from reid_core.visualizing.class_activation import run, setting_apart, to_unit

__all__ = ["occlusion"]


@torch.no_grad()
def occlusion(model: ReidModel, images: Tensor, *, rows: int = 8) -> Tensor:
    """How much of what sets an image apart from the others beside it goes with each place.

    A window of the image's mean colour, twice as high and wide as a place, is put over one place
    after the other; heat is what the score of `grad_cam` loses. Other than Grad-CAM it asks the
    network itself, needs no map, and is as fine as is wanted; it costs one pass for each place.

    Args:
        model: in evaluation mode.
        images: uint8 (B, 3, H, W) of different people.
        rows: places from top to bottom; as many from left to right as make them square.

    Returns:
        (B, rows, columns) in [0, 1], each image's highest place being 1.

    Raises:
        ValueError: the model takes clips, or ``rows`` is not between 1 and H.

    Source:
        Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014,
        section 4.2.
    """
    height, width = images.shape[2:]
    if not 1 <= rows <= height:
        raise ValueError(f"rows must be from 1 to the {height} pixels of the images, came {rows}")
    columns = max(1, round(rows * width / height))
    embeddings = run(model, images).embedding
    directions = setting_apart(embeddings)
    before = (embeddings * directions).sum(1)
    lost = [
        before - (run(model, hidden).embedding * directions).sum(1)
        for hidden in _hidden(images, rows, columns)
    ]
    return to_unit(torch.stack(lost, dim=1).reshape(-1, rows, columns).relu())


def _hidden(images: Tensor, rows: int, columns: int) -> Iterator[Tensor]:
    """The images with one place after the other under a window, row by row."""
    height, width = images.shape[2:]
    colours = images.float().mean((2, 3), keepdim=True).round().to(images.dtype)
    for row in range(rows):
        for column in range(columns):
            covered = images.clone()
            covered[:, :, _window(row, rows, height), _window(column, columns, width)] = colours
            yield covered


def _window(place: int, places: int, pixels: int) -> slice:
    """Pixels of a place and of half of its neighbours."""
    first, last = (place - 0.5) * pixels / places, (place + 1.5) * pixels / places
    return slice(max(0, round(first)), min(pixels, round(last)))
