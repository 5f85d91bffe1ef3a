"""The blocks of OSNet: streams of growing sight, fused by one gate."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

__all__ = ["BlockNorm", "ConvNorm", "OmniScaleBlock"]

BlockNorm = Literal["batch", "ibn", "ain"]
_STREAMS, _REDUCTION, _GATE_REDUCTION = 4, 4, 16


class ConvNorm(nn.Module):
    """Convolution, normalisation and, unless linear, a ReLU.

    Args:
        channels: of the map that comes in.
        out: of the map that goes out.
        kernel: side of the convolution, odd.
        stride: of the convolution.
        instance: instance normalisation instead of batch normalisation.
        linear: without the ReLU.
        plain: without normalisation as well; only with ``linear``.
    """

    def __init__(
        self,
        channels: int,
        out: int,
        kernel: int = 1,
        *,
        stride: int = 1,
        instance: bool = False,
        linear: bool = False,
        plain: bool = False,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, kernel, stride, kernel // 2, bias=False)
        self.bn: nn.Module
        if plain:
            self.bn = nn.Identity()
        else:
            self.bn = nn.InstanceNorm2d(out, affine=True) if instance else nn.BatchNorm2d(out)
        self.relu = nn.Identity() if linear else nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, out, H', W')."""
        result: Tensor = self.relu(self.bn(self.conv(x)))
        return result


class _LightConv(nn.Module):
    """A 3x3 convolution as a pointwise and a depthwise one."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.relu(self.bn(self.conv2(self.conv1(x))))
        return result


class _Gate(nn.Module):
    """Weighs the channels of a stream by what the whole image shows."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // _GATE_REDUCTION, 1)
        self.fc2 = nn.Conv2d(channels // _GATE_REDUCTION, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        seen = x.mean(dim=(2, 3), keepdim=True)
        weights: Tensor = self.fc2(self.fc1(seen).relu()).sigmoid()
        return x * weights


class OmniScaleBlock(nn.Module):
    """Four streams of one to four light convolutions; one gate, shared, fuses them.

    Args:
        channels: of the map that comes in.
        out: of the map that goes out.
        norm: ``"batch"``; ``"ibn"`` normalises each instance behind the residual sum, ``"ain"``
            in front of it.

    Source:
        Zhou et al., "Omni-Scale Feature Learning for Person Re-Identification", ICCV 2019, and
        "Learning Generalisable Omni-Scale Representations for Person Re-Identification", 2021.
    """

    def __init__(self, channels: int, out: int, *, norm: BlockNorm = "batch") -> None:
        super().__init__()
        inner = out // _REDUCTION
        self.conv1 = ConvNorm(channels, inner)
        self.streams = nn.ModuleList(
            nn.Sequential(*(_LightConv(inner) for _ in range(depth)))
            for depth in range(1, _STREAMS + 1)
        )
        self.gate = _Gate(inner)
        self.conv3 = ConvNorm(inner, out, linear=True, plain=norm == "ain")
        self.downsample = ConvNorm(channels, out, linear=True) if channels != out else None
        self.IN = None if norm == "batch" else nn.InstanceNorm2d(out, affine=True)
        self._inside = norm == "ain"

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, out, H, W)."""
        reduced = self.conv1(x)
        gated = [self.gate(stream(reduced)) for stream in self.streams]
        out = self.conv3(torch.stack(gated).sum(dim=0))
        shortcut = x if self.downsample is None else self.downsample(x)
        if self.IN is not None and self._inside:
            out = self.IN(out)
        total = out + shortcut
        if self.IN is not None and not self._inside:
            total = self.IN(total)
        result: Tensor = total.relu()
        return result
