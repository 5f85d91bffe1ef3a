"""Low quality on purpose, for a batch on its device (extra ``augment``: kornia)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from reid_data.console import require
from reid_data.preprocess.blur_kernels import pad_kernel
from reid_data.preprocess.damages import Damage

__all__ = ["degrade_batch"]


def degrade_batch(images: Tensor, damages: Sequence[Damage]) -> Tensor:
    """Damage each image of a batch as its `Damage` says.

    Blurs and pixelation agree with `reid_data.preprocess.degrade_image` within two grey levels.
    Noise has the same strength but other values, and depends on the kind of device. JPEG is
    kornia's model of the codec, which rounds smoothly.

    The images were flipped and cropped by the loader already, so a batch and what this makes of it
    are pixel for pixel the same place: twins that share one geometric augmentation. Pixels of
    blur are those of the batch; a side to pixelate to means the content either way.

    Args:
        images: ``(B, 3, H, W)``, uint8.
        damages: one an image, from `Mixture.draw_each`.

    Returns:
        A new batch on the same device.

    Raises:
        ValueError: the images are not such a batch, or there are not as many damages.
        MissingExtraError: kornia is not installed.

    Examples:
        >>> from reid_data.preprocess.damages import Mixture
        >>> high = torch.zeros(4, 3, 64, 32, dtype=torch.uint8)
        >>> low = degrade_batch(high, Mixture().draw_each(range(4), seed=1))
        >>> low.shape
        torch.Size([4, 3, 64, 32])
    """
    require("kornia", extra="reid-data[augment]", for_what="degrading on a device")
    if images.ndim != 4 or images.shape[1] != 3 or images.dtype != torch.uint8:
        raise ValueError(
            f"expected uint8 images (B, 3, H, W), came {images.dtype} {tuple(images.shape)}"
        )
    if len(damages) != len(images):
        raise ValueError(f"expected a damage for each of {len(images)} images, came {len(damages)}")
    result = images.clone()
    for kind in sorted({damage.kind for damage in damages} - {"none"}):
        rows = [row for row, damage in enumerate(damages) if damage.kind == kind]
        chosen = [damages[row] for row in rows]
        where = torch.tensor(rows, device=images.device)
        content = images[where].to(torch.float32)
        if kind == "pixelation":
            changed = _pixelated(content, [int(damage.amount) for damage in chosen])
        elif kind == "noise":
            changed = _noisy(content, chosen)
        elif kind == "jpeg":
            changed = _compressed(content, [damage.amount for damage in chosen])
        else:
            changed = _blurred(content, chosen)
        result[where] = changed.round().clamp(0, 255).to(torch.uint8)
    return result


def _blurred(content: Tensor, damages: Sequence[Damage]) -> Tensor:
    kernels = [kernel for damage in damages if (kernel := damage.kernel()) is not None]
    size = max(len(kernel) for kernel in kernels)
    stacked = torch.stack([torch.from_numpy(pad_kernel(kernel, size=size)) for kernel in kernels])
    weights = stacked.to(content.device, torch.float32)
    # In plain order: kornia before 0.9 takes no other.
    blurred: Tensor = import_module("kornia.filters").filter2d(
        content.contiguous(), weights, border_type="replicate"
    )
    return blurred


def _noisy(content: Tensor, damages: Sequence[Damage]) -> Tensor:
    noise = torch.empty_like(content)
    generator = torch.Generator(content.device)
    # Image by image: each has its own seed, so that it does not depend on its neighbours.
    for slot, damage in enumerate(damages):
        noise[slot].normal_(0, damage.amount, generator=generator.manual_seed(damage.seed))
    return content + noise


def _compressed(content: Tensor, qualities: Sequence[float]) -> Tensor:
    codec = import_module("kornia.enhance").jpeg_codec_differentiable
    compressed: Tensor = codec(content / 255, torch.tensor(qualities, device=content.device)) * 255
    return compressed


def _pixelated(content: Tensor, short_sides: Sequence[int]) -> Tensor:
    """Resize each image down and up by matrices, which makes one batch of different sizes.

    Resizing is linear and separable: rows and columns are each multiplied by a matrix. Matrices
    for smaller sizes are filled up with zeros.
    """
    height, width = content.shape[-2:]
    sizes = [_kept(height, width, side) for side in short_sides]
    shrink_rows, grow_rows = _matrices(height, [size[0] for size in sizes], content.device)
    shrink_columns, grow_columns = _matrices(width, [size[1] for size in sizes], content.device)
    small = shrink_rows @ content @ shrink_columns.transpose(-1, -2)
    # As a small file would hold them.
    small = small.round().clamp(0, 255)
    return grow_rows @ small @ grow_columns.transpose(-1, -2)


def _kept(height: int, width: int, short_side: int) -> tuple[int, int]:
    factor = max(min(height, width) / short_side, 1.0)
    return max(round(height / factor), 1), max(round(width / factor), 1)


def _matrices(side: int, targets: Sequence[int], device: torch.device) -> tuple[Tensor, Tensor]:
    """Matrices that shrink ``(B, 1, most, side)`` and grow ``(B, 1, side, most)``."""
    most = max(targets)
    shrink = torch.zeros(len(targets), 1, most, side)
    grow = torch.zeros(len(targets), 1, side, most)
    for slot, target in enumerate(targets):
        shrink[slot, 0, :target] = _resampling(side, target)
        grow[slot, 0, :, :target] = _resampling(target, side)
    return shrink.to(device), grow.to(device)


@lru_cache(maxsize=1024)
def _resampling(source: int, target: int) -> Tensor:
    """The matrix ``(target, source)`` by which bicubic resizing with antialiasing multiplies."""
    identity = torch.eye(source)[None, None]
    resized = interpolate(identity, size=(target, source), mode="bicubic", antialias=True)
    return resized[0, 0]
