"""Random changes of colour, for a whole batch on its device (extra ``augment``: kornia)."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from math import pi
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from reid_data.console import require

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["ColourJitter", "jitter_colours"]

_UNCHANGED = (1.0, 1.0, 1.0, 0.0)


@dataclass(frozen=True)
class ColourJitter:
    """Brightness, contrast, saturation and hue, each uniform in its range, changed in this order.

    Attributes:
        brightness: b multiplies by a factor from 1 - b to 1 + b.
        contrast: so does the distance to the mean grey of the image.
        saturation: so does the distance of each pixel to its grey.
        hue: h turns the hue by -h to h of the circle, at most half of it.
        probability: how often an image is changed at all.

    Raises:
        ValueError: a range or the probability is impossible.
    """

    brightness: float = 0.2
    contrast: float = 0.15
    saturation: float = 0.0
    hue: float = 0.0
    probability: float = 0.5

    def __post_init__(self) -> None:
        for name in ("brightness", "contrast", "saturation", "probability"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be from 0 to 1, came {getattr(self, name)}")
        if not 0 <= self.hue <= 0.5:
            raise ValueError(f"hue must be from 0 to 0.5, came {self.hue}")

    def draw(self, count: int, *, generator: np.random.Generator) -> npt.NDArray[np.float32]:
        """Draw three factors and a turn of the hue for each image, ``(count, 4)``."""
        spread = np.array([self.brightness, self.contrast, self.saturation, self.hue])
        drawn = np.array(_UNCHANGED) + generator.uniform(-1, 1, (count, 4)) * spread
        drawn[generator.random(count) >= self.probability] = _UNCHANGED
        return np.asarray(drawn, dtype=np.float32)


def jitter_colours(images: Tensor, drawn: Tensor) -> Tensor:
    """Change the colours of each image as `ColourJitter.draw` says.

    Args:
        images: ``(B, 3, H, W)``, uint8.
        drawn: factors of brightness, contrast and saturation, turn of the hue, ``(B, 4)``.

    Returns:
        A new batch of uint8 on the same device, in the same memory order.

    Raises:
        MissingExtraError: kornia is not installed.

    Source:
        The definitions are those of Pillow's ``ImageEnhance`` and torchvision's ``ColorJitter``.
    """
    require("kornia", extra="reid-data[augment]", for_what="changing colours")
    import torch

    enhance = import_module("kornia.enhance")
    result = images.clone()
    chosen = (drawn != drawn.new_tensor(_UNCHANGED)).any(dim=1).nonzero().squeeze(1)
    if not len(chosen):
        return result
    content = images[chosen].to(torch.float32) / 255
    brightness, contrast, saturation, hue = drawn[chosen].unbind(dim=1)
    content = enhance.adjust_brightness_accumulative(content, brightness)
    content = enhance.adjust_contrast_with_mean_subtraction(content, contrast)
    if (saturation != 1).any():
        content = enhance.adjust_saturation_with_gray_subtraction(content, saturation)
    if hue.any():
        content = enhance.adjust_hue(content, hue * (2 * pi))
    result[chosen] = (content * 255).round().clamp(0, 255).to(torch.uint8)
    return result
