"""Images to try a network on: noise, people of the user's, or synthetic ones."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from reid_data.datasets import from_images
from reid_data.images import read_image, resize
from reid_data.synth import Shot, open_studio

__all__ = ["noise", "read_people", "synthetic_people"]

_COUNT = 8
_CAMERAS = 4


def noise(image_size: tuple[int, int], *, seed: int, count: int = _COUNT) -> Tensor:
    """Uniform noise, uint8 (count, 3, H, W)."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, 3, *image_size), dtype=torch.uint8, generator=generator)


def synthetic_people(image_size: tuple[int, int], *, seed: int, count: int = _COUNT) -> Tensor:
    """Rendered people, each in one of four cameras, uint8 (count, 3, H, W)."""
    height, width = image_size
    studio = open_studio(cameras=_CAMERAS, seed=seed, height=height, width=width)
    shots = [
        Shot("train", pid=1 + row, camid=1 + row % _CAMERAS, index=0, frame=row)
        for row in range(count)
    ]
    return _stacked([torch.from_numpy(studio.draw(shot).image) for shot in shots])


def read_people(folder: Path, image_size: tuple[int, int], *, count: int = _COUNT) -> Tensor:
    """Images of a folder, spread over it, uint8 (count, 3, H, W); few are repeated.

    Raises:
        ValueError: the folder holds no image, or one cannot be read.
    """
    files = from_images(folder, pids="optional").paths
    chosen = [files[row * len(files) // count] for row in range(count)]
    images = [resize(read_image(file, at_least=image_size), image_size) for file in chosen]
    return _stacked([torch.from_numpy(image) for image in images])


def _stacked(images: list[Tensor]) -> Tensor:
    return torch.stack(images).permute(0, 3, 1, 2).contiguous()
