"""ResNet as re-ID code publishes it: with IBN-a, with non-local blocks, with that code's stems.

timm has a ResNet too, but neither IBN-a nor the small departures without which published re-ID
checkpoints compute something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from reid_core.backbones.backbone import Backbone
from reid_core.backbones.non_local import NonLocal

__all__ = ["DEPTHS", "InstanceBatchNorm", "ResNet", "StemPool"]

StemPool = Literal["same", "ceil"]
DEPTHS: dict[int, tuple[bool, tuple[int, int, int, int]]] = {
    18: (False, (2, 2, 2, 2)),
    34: (False, (3, 4, 6, 3)),
    50: (True, (3, 4, 6, 3)),
    101: (True, (3, 4, 23, 3)),
    152: (True, (3, 8, 36, 3)),
}
"""Whether the blocks are bottlenecks, and how many each stage has, by depth."""


class InstanceBatchNorm(nn.Module):
    """IBN-a: instance normalisation for one half of the channels, batch normalisation for the rest.

    The first half forgets an image's contrast and colour, so the network carries over to other
    cameras better; the second half keeps what tells people apart.

    Args:
        channels: C.

    Source:
        Pan et al., "Two at Once: Enhancing Learning and Generalization Capacities via IBN-Net",
        ECCV 2018, figure 3 (a).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self._instances = channels // 2
        self.IN = nn.InstanceNorm2d(self._instances, affine=True)
        self.BN = nn.BatchNorm2d(channels - self._instances)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise a map (B, C, H, W)."""
        return torch.cat(
            [self.IN(x[:, : self._instances]), self.BN(x[:, self._instances :])], dim=1
        )


class _Block(nn.Module):
    """A residual block, basic or bottleneck; names as in torchvision's weights."""

    def __init__(
        self, channels: int, width: int, *, bottleneck: bool, stride: int, ibn: bool
    ) -> None:
        super().__init__()
        out = width * 4 if bottleneck else width
        kernel, first_stride = (1, 1) if bottleneck else (3, stride)
        self.conv1 = _conv(channels, width, kernel, first_stride)
        self.bn1 = InstanceBatchNorm(width) if ibn else nn.BatchNorm2d(width)
        self.conv2 = _conv(width, width, 3, stride if bottleneck else 1)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = _conv(width, out, 1, 1) if bottleneck else None
        self.bn3 = nn.BatchNorm2d(out) if bottleneck else None
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Module | None = None
        if stride != 1 or channels != out:
            self.downsample = nn.Sequential(_conv(channels, out, 1, stride), nn.BatchNorm2d(out))

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        if self.conv3 is not None and self.bn3 is not None:
            out = self.bn3(self.conv3(self.relu(out)))
        shortcut = x if self.downsample is None else self.downsample(x)
        result: Tensor = self.relu(out + shortcut)
        return result


class ResNet(Backbone):
    """ResNet-18 to 152 without pooling and classifier.

    Args:
        depth: 18, 34, 50, 101 or 152.
        ibn: IBN-a in the first normalisation of each block of the first three stages.
        last_stride: of the last stage.
        stem_relu: a ReLU behind the first normalisation; reid-strong-baseline and those who built
            on it go without in the plain network.
        stem_pool: ``"same"`` pads the first pooling as torchvision does; ``"ceil"`` does not and
            rounds up instead, as fast-reid does.
        non_local: number of non-local blocks behind the last blocks of each of the four stages.
        non_local_channels: channels in which they compare places; none: half of the stage's.

    Source:
        He et al., "Deep Residual Learning for Image Recognition", CVPR 2016.

    Examples:
        >>> ResNet(18, last_stride=1)(torch.zeros(1, 3, 64, 32)).shape
        torch.Size([1, 512, 4, 2])
    """

    def __init__(
        self,
        depth: int,
        *,
        ibn: bool = False,
        last_stride: int = 2,
        stem_relu: bool = True,
        stem_pool: StemPool = "same",
        non_local: Sequence[int] = (0, 0, 0, 0),
        non_local_channels: int | None = None,
    ) -> None:
        super().__init__()
        bottleneck, blocks = DEPTHS[depth]
        _check(non_local, blocks, stem_pool)
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True) if stem_relu else nn.Identity()
        same = stem_pool == "same"
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=int(same), ceil_mode=not same)
        channels = 64
        self.non_local = nn.ModuleList()
        for stage, (count, added) in enumerate(zip(blocks, non_local, strict=True), start=1):
            width, stride = 32 * 2**stage, (1, 2, 2, last_stride)[stage - 1]
            layers: list[nn.Module] = []
            for index in range(count):
                layers.append(
                    _Block(
                        channels,
                        width,
                        bottleneck=bottleneck,
                        stride=stride if index == 0 else 1,
                        ibn=ibn and stage < 4,
                    )
                )
                channels = width * (4 if bottleneck else 1)
            self.add_module(f"layer{stage}", nn.Sequential(*layers))
            found = [NonLocal(channels, inner=non_local_channels) for _ in range(added)]
            self.non_local.append(nn.ModuleList(found))
        self.num_features = channels
        _initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """Map normalised float images (B, 3, H, W) to features (B, C, H', W')."""
        x = self.stem(images)
        for number in range(1, 5):
            x = self.stage(number, x)
        return x

    def stem(self, images: Tensor) -> Tensor:
        """Map images to what the first stage takes, a quarter as high and wide."""
        result: Tensor = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        return result

    def stage(self, number: int, x: Tensor) -> Tensor:
        """Run one stage, 1 to 4, with its non-local blocks behind its last blocks."""
        blocks: Any = self.get_submodule(f"layer{number}")
        added: Any = self.non_local[number - 1]
        first = len(blocks) - len(added)
        for index, block in enumerate(blocks):
            x = block(x)
            if index >= first:
                x = added[index - first](x)
        return x


def _conv(channels: int, out: int, kernel: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(channels, out, kernel, stride=stride, padding=kernel // 2, bias=False)


def _check(non_local: Sequence[int], blocks: Sequence[int], stem_pool: str) -> None:
    if stem_pool not in ("same", "ceil"):
        raise ValueError(f"stem_pool must be same or ceil, not {stem_pool!r}")
    if len(non_local) != 4 or any(n < 0 or n > b for n, b in zip(non_local, blocks, strict=True)):
        raise ValueError(
            f"non_local must be four numbers of blocks of at most {tuple(blocks)}, "
            f"not {tuple(non_local)}"
        )


def _initialise(network: nn.Module) -> None:
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d) and not name.startswith("non_local"):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
