"""A torch network compiled in place, in bfloat16: no extra needed, but a C++ compiler."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from reid_eval.runtimes.runner import ModelInput

__all__ = ["CompiledRunner"]


class CompiledRunner:
    """One network, compiled for one batch size and bfloat16, weights packed ahead.

    Args:
        network: takes uint8 images and is in evaluation mode.
        image_size: (height, width) in pixels.

    Attributes:
        input: the images that it takes.
        metadata: empty.

    Raises:
        ValueError: there is no C++ compiler here.
    """

    metadata: Mapping[str, Any] = {}

    def __init__(self, network: nn.Module, *, image_size: tuple[int, int]) -> None:
        if not any(shutil.which(name) for name in ("g++", "c++", "clang++")):
            raise ValueError("torch.compile needs a C++ compiler, and none is installed")
        self.input = ModelInput(torch.uint8, None, image_size)
        self._network = torch.compile(network, dynamic=False, options={"freezing": True})
        self._size: int | None = None

    def __call__(self, images: Tensor) -> Tensor:
        """Embed uint8 images (B, 3, H, W) as float32 (B, D)."""
        # One compilation only: the first batch sets its size, smaller ones are filled up to it.
        self._size = max(self._size or 0, len(images))
        filling = images[:1].expand(self._size - len(images), *images.shape[1:])
        batch = torch.cat([images, filling]).contiguous(memory_format=torch.channels_last)
        # Freezing refuses tensors made in inference mode, so gradients are only switched off.
        with (
            torch.inference_mode(False),
            torch.no_grad(),
            torch.autocast("cpu", torch.bfloat16),
            warnings.catch_warnings(),
        ):
            # The compiler talks about caches that it looks through.
            warnings.simplefilter("ignore")
            output: Tensor = self._network(batch.clone())
        return output[: len(images)].float()
