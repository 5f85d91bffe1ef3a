"""A re-ID model that needs no training: the colours of the parts of an image."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d


class Looks:
    image_size, embedding_size, fingerprint = (64, 32), 48, "colours"

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def describe(self) -> dict[str, Any]:
        return {"name": "colours"}

    def __call__(self, images: Tensor) -> Tensor:
        return adaptive_avg_pool2d(images.float() / 255, (8, 2)).flatten(1) - 0.5


def colours(device: torch.device) -> Looks:
    return Looks(device)
