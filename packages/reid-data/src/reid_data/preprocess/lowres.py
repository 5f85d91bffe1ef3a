"""Low resolution: smaller images, or images of the same size that lost the detail.

The script that published systems name (``makelr.py --scale 2``) was never released; this is what
its users expect: antialiased bicubic, any scale, the names and the layout kept.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from reid_data.console import Advance
from reid_data.images import Pixels
from reid_data.preprocess.rewriting import Rewritten, rewrite_images
from reid_data.records import Records

__all__ = ["check_scale", "low_resolution_batch", "lower_resolution", "write_low_resolution"]


def lower_resolution(image: Pixels, *, scale: float, restore: bool = False) -> Pixels:
    """Shrink an image by a factor, by bicubic interpolation with antialiasing.

    Args:
        image: ``(H, W, 3)``, uint8.
        scale: 2 halves both sides; 1 returns an equal copy.
        restore: enlarge it again, so that the size stays and the detail is lost.

    Returns:
        ``(round(H / scale), round(W / scale), 3)`` with each side at least 1; ``(H, W, 3)`` with
        `restore`.

    Raises:
        ValueError: the scale is below 1.

    Examples:
        >>> lower_resolution(np.zeros((128, 64, 3), np.uint8), scale=4).shape
        (32, 16, 3)
    """
    check_scale(scale)
    if scale == 1:
        return image.copy()
    height, width = image.shape[:2]
    picture = Image.fromarray(image)
    small = picture.resize(
        (_shrunk(width, scale), _shrunk(height, scale)), Image.Resampling.BICUBIC
    )
    if restore:
        small = small.resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(small).copy()


def low_resolution_batch(images: Tensor, *, scale: float, antialias: bool = True) -> Tensor:
    """Lose the detail of a batch on its device: shrink and enlarge again, the size stays.

    Integers are rounded and clipped to 0 .. 255 at either step, as files would be. Floats, which
    may be normalised, are not clipped.

    Args:
        images: ``(B, 3, H, W)``, uint8 or floating.
        scale: 2 halves both sides; 1 is exactly the identity.
        antialias: average over the pixels that fall together. The published system does not (and
            uses another bicubic kernel then); it also lets sizes that the scale does not divide
            shrink, which is not imitated.

    Returns:
        A tensor of the same shape and type.

    Raises:
        ValueError: the scale is below 1, or the images are no batch.
    """
    check_scale(scale)
    if images.ndim != 4:
        raise ValueError(f"expected a batch (B, C, H, W), came shape {tuple(images.shape)}")
    height, width = images.shape[-2:]
    small = _resized(images, (_shrunk(height, scale), _shrunk(width, scale)), antialias=antialias)
    return _resized(small, (height, width), antialias=antialias)


def write_low_resolution(
    records: Records,
    out: Path | str,
    *,
    scale: float,
    restore: bool = False,
    workers: int = 0,
    skip_unreadable: bool = False,
    advance: Advance | None = None,
) -> Rewritten:
    """Write a data set at low resolution, same names and layout; see `lower_resolution`.

    Args:
        records: what to shrink.
        out: the new folder, for example ``market1501x2``.
        scale: by how much.
        restore: keep the sizes and lose the detail.
        workers: threads; 0 works in the caller's.
        skip_unreadable: leave out images that cannot be read.
        advance: called with the number of images just finished.

    Raises:
        ValueError: the scale is below 1, `out` is not empty, or images cannot be read.
    """
    check_scale(scale)
    return rewrite_images(
        records,
        out,
        lambda image, _: lower_resolution(image, scale=scale, restore=restore),
        workers=workers,
        skip_unreadable=skip_unreadable,
        advance=advance,
    )


def check_scale(scale: float) -> None:
    """Refuse what does not shrink.

    Raises:
        ValueError: the scale is below 1 or no number.
    """
    if not 1 <= scale < float("inf"):
        raise ValueError(f"scale must be 1 or more (2 halves the sides), came {scale}")


def _shrunk(side: int, scale: float) -> int:
    return max(round(side / scale), 1)


def _resized(images: Tensor, size: tuple[int, int], *, antialias: bool) -> Tensor:
    if images.shape[-2:] == size:
        return images.clone()
    # In float32 whatever came: integers and half floats are not resampled on every device.
    resized = interpolate(images.to(torch.float32), size=size, mode="bicubic", antialias=antialias)
    if not images.is_floating_point():
        resized = resized.round().clamp(0, 255)
    return resized.to(images.dtype)
