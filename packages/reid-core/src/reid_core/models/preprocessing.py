"""What happens to an image before the network sees it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

__all__ = ["Preprocessing"]

Channels = tuple[float, float, float]


@dataclass(frozen=True)
class Preprocessing:
    """Size and normalisation that a model's weights expect; saved with them.

    Attributes:
        image_size: (height, width) in pixels.
        mean: subtracted from each RGB channel in [0, 1].
        std: that each RGB channel is then divided by.
    """

    image_size: tuple[int, int]
    mean: Channels
    std: Channels

    def normalize(self, images: Tensor) -> Tensor:
        """``(images / 255 - mean) / std``, on the images' own device.

        Args:
            images: uint8 RGB images (B, 3, H, W) or clips (B, T, 3, H, W) of ``image_size``; not
                changed.

        Returns:
            float32 of the same shape, in the same memory format.

        Raises:
            ValueError: the images have another type or size.
        """
        height, width = self.image_size
        if (
            images.dtype != torch.uint8
            or images.ndim not in (4, 5)
            or images.shape[-3:] != (3, height, width)
        ):
            raise ValueError(
                f"expected uint8 images (B, 3, {height}, {width}) or clips of them, "
                f"came {images.dtype} {tuple(images.shape)}"
            )
        scale, shift = _scale_and_shift(self.mean, self.std, images.device)
        return torch.addcmul(shift, images.to(torch.float32), scale)


@lru_cache(maxsize=16)
def _scale_and_shift(mean: Channels, std: Channels, device: torch.device) -> tuple[Tensor, Tensor]:
    # Kept, because a copy to the GPU in each step would wait for all work queued before it.
    with torch.inference_mode(False):
        spread, center = (
            torch.tensor(std, dtype=torch.float64),
            torch.tensor(mean, dtype=torch.float64),
        )
        scale, shift = 1 / (255 * spread), -center / spread
        return tuple(v.float().view(1, 3, 1, 1).to(device) for v in (scale, shift))  # type: ignore[return-value]
