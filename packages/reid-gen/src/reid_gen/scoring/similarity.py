"""Generated images against their targets, pixel by pixel: SSIM, mask-SSIM, L1 and PSNR.

SSIM here has the window of Wang et al. (2004), Gaussian of 11 x 11 pixels and sigma 1.5, population
covariance, K = (0.01, 0.03), reflected edges, the mean of the three channels, and a range of 255.
Published pose-guided generation took the range of each *generated* image instead, which is another
number: figures of papers are not comparable with these.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

__all__ = ["l1_distance", "masked_ssim", "psnr", "ssim_map", "structural_similarity"]

_WINDOW, _SIGMA, _RANGE = 11, 1.5, 255.0


def ssim_map(images: Tensor, targets: Tensor) -> Tensor:
    """SSIM at each pixel.

    Args:
        images: uint8 (B, 3, H, W), at least 6 pixels high and wide.
        targets: the same shape.

    Returns:
        float32 (B, H, W), the mean of the channels.

    Raises:
        ValueError: the two do not fit, or are too small for the window.
    """
    _check(images, targets)
    if min(images.shape[2:]) <= _WINDOW // 2:
        raise ValueError(f"SSIM needs images above {_WINDOW // 2} pixels, came {images.shape[2:]}")
    # In double: the differences of squares below lose half of the digits.
    ours, theirs = images.double(), targets.double()
    mean, other = _smooth(ours), _smooth(theirs)
    variance = _smooth(ours * ours) - mean * mean
    spread = _smooth(theirs * theirs) - other * other
    both = _smooth(ours * theirs) - mean * other
    light, contrast = (0.01 * _RANGE) ** 2, (0.03 * _RANGE) ** 2
    upper = (2 * mean * other + light) * (2 * both + contrast)
    lower = (mean * mean + other * other + light) * (variance + spread + contrast)
    return (upper / lower).mean(dim=1).float()


def structural_similarity(images: Tensor, targets: Tensor) -> Tensor:
    """SSIM of each image, float32 (B,); see `ssim_map`.

    Examples:
        >>> picture = torch.arange(3 * 12 * 12, dtype=torch.int64).reshape(1, 3, 12, 12) % 256
        >>> structural_similarity(picture.byte(), picture.byte()).tolist()
        [1.0]
    """
    return ssim_map(images, targets).mean(dim=(1, 2))


def masked_ssim(
    images: Tensor, targets: Tensor, masks: Tensor, *, form: Literal["zeroed", "inside"]
) -> Tensor:
    """SSIM of the person only.

    Args:
        images: uint8 (B, 3, H, W).
        targets: the same shape.
        masks: bool (B, H, W), True on the person.
        form: ``zeroed`` blackens what is outside in both images and counts it too, as published,
            which flatters: black equals black. ``inside`` averages the map over the person.

    Returns:
        float32 (B,); ``inside`` is NaN where the mask is empty.

    Raises:
        ValueError: shapes do not fit, or there is no such form.
    """
    if masks.dtype != torch.bool or masks.shape != (len(images), *images.shape[2:]):
        raise ValueError(f"expected bool masks (B, H, W), came {masks.dtype} {tuple(masks.shape)}")
    if form == "zeroed":
        return structural_similarity(images * masks[:, None], targets * masks[:, None])
    if form != "inside":
        raise ValueError(f"form must be zeroed or inside, came {form!r}")
    found = ssim_map(images, targets)
    return (found * masks).sum(dim=(1, 2)) / masks.sum(dim=(1, 2))


def l1_distance(images: Tensor, targets: Tensor) -> Tensor:
    """Mean absolute difference of pixels on the scale -1 .. 1, float32 (B,)."""
    _check(images, targets)
    return (images.float() - targets.float()).abs().mean(dim=(1, 2, 3)) / (_RANGE / 2)


def psnr(images: Tensor, targets: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB for a range of 255, float32 (B,); infinite if equal."""
    _check(images, targets)
    error = (images.float() - targets.float()).square().mean(dim=(1, 2, 3))
    return 10 * torch.log10(_RANGE**2 / error)


def _smooth(values: Tensor) -> Tensor:
    """Gaussian window over each channel, edges reflected."""
    half = _WINDOW // 2
    steps = torch.arange(-half, half + 1, dtype=values.dtype, device=values.device)
    line = torch.exp(-steps.square() / (2 * _SIGMA**2))
    line = line / line.sum()
    flat = pad(values.flatten(0, 1)[:, None], (half,) * 4, mode="reflect")
    down = conv2d(flat, line.reshape(1, 1, -1, 1))
    return conv2d(down, line.reshape(1, 1, 1, -1)).reshape(values.shape)


def _check(images: Tensor, targets: Tensor) -> None:
    fits = images.ndim == 4 and images.shape == targets.shape
    if not fits or images.dtype != torch.uint8 or targets.dtype != torch.uint8:
        raise ValueError(
            f"expected two uint8 batches (B, 3, H, W), came {images.dtype} {tuple(images.shape)} "
            f"and {targets.dtype} {tuple(targets.shape)}"
        )
