"""OSNet, from a quarter to the full width, plain, with IBN and with AIN."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from torch import Tensor, nn

from reid_core.backbones.backbone import Backbone
from reid_core.backbones.osnet_blocks import BlockNorm, ConvNorm, OmniScaleBlock

__all__ = ["OSNET_WIDTHS", "OSNet", "OSNetVariant", "own_osnet_names"]

OSNetVariant = Literal["plain", "ibn", "ain"]
OSNET_WIDTHS: dict[str, tuple[int, int, int, int]] = {
    "x1_0": (64, 256, 384, 512),
    "x0_75": (48, 192, 288, 384),
    "x0_5": (32, 128, 192, 256),
    "x0_25": (16, 64, 96, 128),
}
"""Channels of the stem and of the three stages, by the name of the width."""

_BLOCKS: dict[OSNetVariant, tuple[tuple[BlockNorm, BlockNorm], ...]] = {
    "plain": (("batch", "batch"), ("batch", "batch"), ("batch", "batch")),
    "ibn": (("ibn", "ibn"), ("batch", "batch"), ("batch", "batch")),
    "ain": (("ain", "ain"), ("batch", "ain"), ("ain", "batch")),
}
# Published names of the same modules: streams a to d, or numbered ones, and where a stage shrinks.
_RENAMED = (
    (re.compile(r"^conv([23])\.2\.0\."), r"pool\1.0."),
    (re.compile(r"\.conv2a\."), ".streams.0.0."),
    (re.compile(r"\.conv2b\.(\d)\."), r".streams.1.\1."),
    (re.compile(r"\.conv2c\.(\d)\."), r".streams.2.\1."),
    (re.compile(r"\.conv2d\.(\d)\."), r".streams.3.\1."),
    (re.compile(r"^(conv[234]\.\d)\.conv2\.(\d)\.layers\.(\d)\."), r"\1.streams.\2.\3."),
)


class OSNet(Backbone):
    """OSNet without pooling, its linear map and its classifier.

    Args:
        width: ``x1_0``, ``x0_75``, ``x0_5`` or ``x0_25``.
        variant: where it normalises instances.

    Source:
        Zhou et al., "Omni-Scale Feature Learning for Person Re-Identification", ICCV 2019; with
        AIN: "Learning Generalisable Omni-Scale Representations for Person Re-Identification", 2021.

    Examples:
        >>> import torch
        >>> OSNet("x0_25")(torch.zeros(1, 3, 64, 32)).shape
        torch.Size([1, 128, 4, 2])
    """

    def __init__(self, width: str = "x1_0", *, variant: OSNetVariant = "plain") -> None:
        super().__init__()
        stem, *stages = OSNET_WIDTHS[width]
        self.conv1 = ConvNorm(3, stem, 7, stride=2, instance=variant != "plain")
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        norms = _BLOCKS[variant]
        self.conv2 = _stage(stem, stages[0], norms[0])
        self.pool2 = _halved(stages[0])
        self.conv3 = _stage(stages[0], stages[1], norms[1])
        self.pool3 = _halved(stages[1])
        self.conv4 = _stage(stages[1], stages[2], norms[2])
        self.conv5 = ConvNorm(stages[2], stages[2])
        self.num_features = stages[2]
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, images: Tensor) -> Tensor:
        """Map normalised float images (B, 3, H, W) to features (B, C, H / 16, W / 16)."""
        x = self.pool2(self.conv2(self.maxpool(self.conv1(images))))
        features: Tensor = self.conv5(self.conv4(self.pool3(self.conv3(x))))
        return features


def own_osnet_names(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of torchreid's OSNet, either of its two layouts, by our names.

    Examples:
        >>> list(own_osnet_names({"conv2.0.conv2b.1.bn.weight": Tensor()}))
        ['conv2.0.streams.1.1.bn.weight']
    """
    return {_renamed(name): value for name, value in weights.items()}


def _renamed(name: str) -> str:
    for pattern, own in _RENAMED:
        name = pattern.sub(own, name)
    return name


def _stage(channels: int, out: int, norms: tuple[BlockNorm, BlockNorm]) -> nn.Sequential:
    first = OmniScaleBlock(channels, out, norm=norms[0])
    return nn.Sequential(first, OmniScaleBlock(out, out, norm=norms[1]))


def _halved(channels: int) -> nn.Sequential:
    return nn.Sequential(ConvNorm(channels, channels), nn.AvgPool2d(2, stride=2))
