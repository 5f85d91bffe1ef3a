"""LPIPS: the distance of two images in the features of AlexNet, weighted as people see it."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from reid_core.backbones.weights import read_weights
from reid_core.keys import mismatch

__all__ = ["Lpips"]

_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
_CHANNELS = (64, 192, 384, 256, 256)


class Lpips:
    """Learned perceptual distance of image pairs with AlexNet, version 0.1.

    The weights of the five layers come with torchmetrics; AlexNet's own come from a file.

    Args:
        backbone: torchvision's weights of AlexNet trained on ImageNet.
        device: where to compute.

    Raises:
        ValueError: the file cannot be read, or holds no AlexNet.

    Source:
        Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric",
        CVPR 2018.
    """

    def __init__(self, backbone: Path, *, device: torch.device | str = "cpu") -> None:
        found = read_weights(backbone)
        slices = _alexnet()
        wanted = slices.state_dict()
        # torchvision counts layers through, and has a classifier behind them.
        own = {name.removeprefix("features."): value for name, value in found.items()
               if name.startswith("features.")}  # fmt: skip
        problem = mismatch(wanted, own)
        if problem:
            raise ValueError(f"{backbone} holds no AlexNet of torchvision: {problem}")
        slices.load_state_dict(own)
        self._device = torch.device(device)
        self._network = slices.eval().to(self._device)
        self._weights = [weight.to(self._device) for weight in _layer_weights()]
        self._shift, self._scale = (
            torch.tensor(values, device=self._device)[:, None, None] for values in (_SHIFT, _SCALE)
        )

    @torch.inference_mode()
    def __call__(self, images: Tensor, targets: Tensor) -> Tensor:
        """Distance of each pair, float32 (B,) on the CPU, of uint8 images (B, 3, H, W).

        Raises:
            ValueError: the shapes differ, or the images are too small for AlexNet.
        """
        if images.shape != targets.shape or images.ndim != 4 or min(images.shape[2:]) < 32:
            raise ValueError(
                "LPIPS compares images (B, 3, H, W) of 32 pixels and more, came "
                f"{tuple(images.shape)} and {tuple(targets.shape)}"
            )
        distance = torch.zeros(len(images), device=self._device)
        ours, theirs = self._layers(images), self._layers(targets)
        for one, other, weight in zip(ours, theirs, self._weights, strict=True):
            apart = (normalize(one, dim=1, eps=1e-10) - normalize(other, dim=1, eps=1e-10)) ** 2
            distance += (apart * weight).sum(dim=1).mean(dim=(1, 2))
        return distance.cpu()

    def _layers(self, images: Tensor) -> list[Tensor]:
        state = (images.to(self._device).float() / 127.5 - 1 - self._shift) / self._scale
        found = []
        for layer in self._network:
            state = layer(state)
            if isinstance(layer, nn.ReLU):
                found.append(state)
        return found


def _alexnet() -> nn.Sequential:
    """AlexNet up to its fifth convolution, numbered as torchvision does."""
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, stride=4, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
        nn.Conv2d(64, 192, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
        nn.Conv2d(192, 384, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1),
        nn.ReLU(),
    )


def _layer_weights() -> list[Tensor]:
    """How much each channel of the five layers counts, (C, 1, 1) each."""
    with as_file(files("torchmetrics") / "functional/image/lpips_models/alex.pth") as path:
        found = torch.load(path, map_location="cpu", weights_only=True)
    return [
        found[f"lin{number}.model.1.weight"].reshape(channels, 1, 1)
        for number, channels in enumerate(_CHANNELS)
    ]
