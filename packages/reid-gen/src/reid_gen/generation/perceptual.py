"""Distance of two images as VGG19's first layers see them."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from reid_data.console import one_line
from reid_data.hub import local_file

__all__ = ["PerceptualLoss", "vgg19_features"]

_WIDTHS = (64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512, 512, 512, 512, 0, 512, 512, 512, 512)
"""Channels of VGG19's convolutions; 0 halves the size."""
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class PerceptualLoss(nn.Module):
    """Mean absolute difference of features of a frozen VGG19.

    Args:
        weights: file of VGG19's weights, torchvision's or timm's, or ``hf://owner/repository/file``.
        layer: whose features, counted as torchvision does; 3 is relu1_2, as PATN has it.

    Raises:
        ValueError: the file cannot be had, or holds no VGG19.

    Source: Johnson et al., Perceptual Losses for Real-Time Style Transfer, ECCV 2016.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, weights: str | Path, *, layer: int = 3) -> None:
        super().__init__()
        self.features = vgg19_features(layer)
        _load(self.features, weights)
        self.register_buffer("mean", torch.tensor(_MEAN)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(_STD)[:, None, None], persistent=False)
        self.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> PerceptualLoss:
        """Always in evaluation mode."""
        del mode
        return super().train(False)

    def forward(self, images: Tensor, targets: Tensor) -> Tensor:
        """A scalar for two batches (B, 3, H, W) in -1 .. 1."""
        ours, theirs = (self.features(self._normal(side)) for side in (images, targets))
        return l1_loss(ours.float(), theirs.float())

    def _normal(self, images: Tensor) -> Tensor:
        return ((images + 1) / 2 - self.mean) / self.std


def vgg19_features(layer: int) -> nn.Sequential:
    """VGG19 up to a layer, counted as torchvision does, with random weights."""
    layers: list[nn.Module] = []
    channels = 3
    for width in _WIDTHS:
        if width == 0:
            layers.append(nn.MaxPool2d(2))
            continue
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
        channels = width
    return nn.Sequential(*layers[: layer + 1])


def _load(features: nn.Sequential, weights: str | Path) -> None:
    path = local_file(weights)
    if not path.is_file():
        raise ValueError(
            f"expected VGG19's weights at {path}; give a file of torchvision's or timm's vgg19 as "
            "loss.perceptual.weights, or switch the term off with loss.perceptual.weight=0"
        )
    try:
        if path.suffix == ".safetensors":
            found = load_file(path)
        else:
            found = torch.load(path, map_location="cpu", weights_only=True)
        wanted = {name: found[f"features.{name}"] for name in features.state_dict()}
        features.load_state_dict(wanted)
    except (KeyError, RuntimeError, TypeError, ValueError, SafetensorError, OSError) as error:
        raise ValueError(f"{path} holds no weights of VGG19: {one_line(error)}") from error
