"""Who tells drawn from photographed, patch by patch."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from reid_gen.generation.layers import start_normal

__all__ = ["PatchDiscriminator"]


class PatchDiscriminator(nn.Module):
    """A PatchGAN with one logit a patch and spectral norm in every layer.

    One looks at image and target pose (``conditions`` = joints), another at image and source image
    (``conditions`` = 3).

    Args:
        conditions: channels of what the image is judged beside.
        width: channels of the first layer, doubled up to three times.

    Source: Isola et al., CVPR 2017; Miyato et al., ICLR 2018.
    """

    def __init__(self, conditions: int, *, width: int = 64) -> None:
        super().__init__()
        sizes = (3 + conditions, width, 2 * width, 4 * width)
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(sizes):
            layers += [nn.Conv2d(inputs, outputs, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        layers.append(nn.Conv2d(sizes[-1], 1, 3, padding=1))
        self.layers = nn.Sequential(*layers)
        self.apply(start_normal)
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d):
                spectral_norm(layer)

    def forward(self, images: Tensor, conditions: Tensor) -> Tensor:
        """Logits (B, 1, H / 8, W / 8), high for photographs."""
        logits: Tensor = self.layers(torch.cat([images, conditions], dim=1))
        return logits
