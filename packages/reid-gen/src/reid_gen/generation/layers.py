"""Layers that the generator and its discriminators are built of."""

from __future__ import annotations

from typing import Literal

from torch import nn

__all__ = ["Norm", "encoder", "norm_layer", "start_normal"]

Norm = Literal["batch", "instance"]


def norm_layer(kind: Norm, channels: int) -> nn.Module:
    """Batch norm, as published, or instance norm with learned scale."""
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    return nn.InstanceNorm2d(channels, affine=True)


def encoder(inputs: int, width: int, norm: Norm) -> nn.Sequential:
    """A 7x7 convolution and two halvings: (B, inputs, H, W) to (B, 4 width, H / 4, W / 4)."""
    return nn.Sequential(
        nn.ReflectionPad2d(3),
        nn.Conv2d(inputs, width, 7),
        norm_layer(norm, width),
        nn.ReLU(inplace=True),
        *_halving(width, 2 * width, norm),
        *_halving(2 * width, 4 * width, norm),
    )


def start_normal(module: nn.Module) -> None:
    """Weights of convolutions from N(0, 0.02), as published."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def _halving(inputs: int, outputs: int, norm: Norm) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1)
    return convolution, norm_layer(norm, outputs), nn.ReLU(inplace=True)
