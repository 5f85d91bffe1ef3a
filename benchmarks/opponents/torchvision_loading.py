"""Loading as most re-identification code does it: Pillow, and torchvision's first transforms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import torch
from PIL import Image
from torch import Tensor

T = import_module("torchvision.transforms")  # it has no types
SIZE, PAD = (256, 128), 10
MEAN, STD, FILL = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), [124, 116, 104]


def pipelines() -> dict[str, Callable[[Any], Tensor]]:
    """The four that are compared: training and evaluation, ending in uint8 or normalised."""
    geometry = (T.Resize(SIZE), T.RandomHorizontalFlip(), T.Pad(PAD), T.RandomCrop(SIZE))
    area, sides = (0.02, 0.4), (0.3, 3.3)
    normalised = (T.ToTensor(), T.Normalize(MEAN, STD))
    erasing = T.RandomErasing(0.5, scale=area, ratio=sides, value=FILL)
    return {
        "train uint8": T.Compose([*geometry, T.PILToTensor(), erasing]),
        "eval uint8": T.Compose([T.Resize(SIZE), T.PILToTensor()]),
        "train float32": T.Compose(
            [*geometry, *normalised, T.RandomErasing(0.5, scale=area, ratio=sides)]
        ),
        "eval float32": T.Compose([T.Resize(SIZE), *normalised]),
    }


def load(files: Sequence[str], batch_size: int, transform: Callable[[Any], Tensor]) -> None:
    """Load all files, batch by batch, and stack each batch as a DataLoader does."""
    for start in range(0, len(files), batch_size):
        images = []
        for file in files[start : start + batch_size]:
            with Image.open(file) as image:
                images.append(transform(image.convert("RGB")))
        torch.stack(images)
