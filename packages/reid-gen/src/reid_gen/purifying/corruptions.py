"""Planted corruptions: images like those that generation spoils, whose badness is known."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from reid_core.registry import Registry

__all__ = ["corrupt", "list_corruptions"]

_Corruption = Callable[[Tensor, torch.Generator], Tensor]
_corruptions: Registry[_Corruption] = Registry("corruption")


def list_corruptions() -> list[str]:
    """Their names."""
    return _corruptions.names()


def corrupt(images: Tensor, kind: str, *, generator: torch.Generator) -> Tensor:
    """Spoil every image of a batch.

    - ``blend``: the upper half of one person on the legs of the next one of the batch.
    - ``blur``: what is smaller than an eighth of the width is gone.
    - ``collapse``: all images near the batch's mean, as of a generator that knows one picture.
    - ``pose``: bands of the body, shifted and mirrored apart, a pose that nobody can take.

    Args:
        images: uint8 (B, 3, H, W), not changed.
        kind: see `list_corruptions`.
        generator: of what is random, on the images' device.

    Returns:
        uint8 (B, 3, H, W).

    Raises:
        ValueError: there is no such corruption, or the images are no such tensor.
    """
    if images.ndim != 4 or images.dtype != torch.uint8:
        raise ValueError(f"expected uint8 (B, 3, H, W), came {images.dtype} {tuple(images.shape)}")
    return _corruptions[kind](images, generator)


@_corruptions.register("blend")
def _blend(images: Tensor, generator: torch.Generator) -> Tensor:
    del generator
    spoiled, waist = images.clone(), images.shape[2] // 2
    spoiled[:, :, waist:] = images.roll(1, dims=0)[:, :, waist:]
    return spoiled


@_corruptions.register("blur")
def _blur(images: Tensor, generator: torch.Generator) -> Tensor:
    del generator
    height, width = images.shape[2:]
    coarse = interpolate(images.float(), (max(2, height * 8 // width), 8), mode="area")
    smooth = interpolate(coarse, (height, width), mode="bilinear", align_corners=False)
    return smooth.to(torch.uint8)


@_corruptions.register("collapse")
def _collapse(images: Tensor, generator: torch.Generator) -> Tensor:
    mean = images.float().mean(dim=0, keepdim=True)
    shape = (len(images), 3, 8, 4)
    stains = torch.randn(shape, generator=generator, device=images.device)
    stains = interpolate(stains, images.shape[2:], mode="bilinear", align_corners=False)
    near = 0.85 * mean + 0.15 * images.float() + 12 * stains
    return near.clamp(0, 255).to(torch.uint8)


@_corruptions.register("pose")
def _pose(images: Tensor, generator: torch.Generator) -> Tensor:
    bands = list(images.clone().chunk(4, dim=2))
    width = images.shape[3]
    order = torch.randperm(len(bands), generator=generator, device=images.device).tolist()
    for place, band in enumerate(bands):
        shift = torch.randint(
            width // 4, width // 2 + 1, (1,), generator=generator, device=images.device
        )
        turned = band.flip(3) if place % 2 else band
        bands[place] = turned.roll(int(shift) * (1 if place % 2 else -1), dims=3)
    return torch.cat([bands[place] for place in order], dim=2)
