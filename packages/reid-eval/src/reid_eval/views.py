"""Test-time views of an image: mirrored, cropped, scaled; their embeddings are averaged.

torch is imported where it computes: the command line describes views before it needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Views"]

_CORNERS = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))
_CENTER = (0.5, 0.5)


@dataclass(frozen=True)
class Views:
    """Which views of an image are embedded.

    A scale of 1.2 shows the middle of the image enlarged, one of 0.8 the whole image reduced on a
    grey ground; the network always gets its own image size. Five crops are the four corners and
    the middle at ``crop_scale``. Each view may be mirrored as well.

    Attributes:
        flip: every view and its mirror image.
        scales: enlargements, 1 being the image itself.
        five_crops: add the corners and the middle, enlarged.
        crop_scale: enlargement of those, more than 1.

    Raises:
        ValueError: no scale is given, or one of them is not positive.

    Examples:
        >>> import torch
        >>> len(list(Views(flip=True, scales=(1.0, 1.25)).of(torch.zeros(1, 3, 8, 4))))
        4
    """

    flip: bool = False
    scales: tuple[float, ...] = (1.0,)
    five_crops: bool = False
    crop_scale: float = 1.125

    def __post_init__(self) -> None:
        if not self.scales or not all(0.1 <= scale <= 10 for scale in self.scales):
            raise ValueError(f"scales must be one or more numbers of 0.1 to 10, got {self.scales}")
        if not 1 < self.crop_scale <= 10:
            raise ValueError(
                f"crop_scale must be more than 1 and at most 10, got {self.crop_scale}"
            )

    @property
    def names(self) -> list[str]:
        """One name a view, empty if there is only the image itself."""
        found = [f"scale {scale:g}" for scale in self.scales]
        if self.five_crops:
            found += [f"crop {place}" for place in range(1, 6)]
        if self.flip:
            found += [f"{name}, mirrored" for name in found]
        return [] if found == ["scale 1"] else found

    def of(self, images: Tensor) -> Iterator[Tensor]:
        """The views of images (B, 3, H, W), each of the same shape and type."""
        for make in self._makers():
            view = make(images)
            yield view
            if self.flip:
                yield view.flip(-1)

    def embed(self, run: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
        """Mean of the embeddings (B, D) of all views of images (B, 3, H, W)."""
        found = [run(view) for view in self.of(images)]
        return found[0] if len(found) == 1 else sum(found[1:], start=found[0]) / len(found)

    def _makers(self) -> list[Callable[[Tensor], Tensor]]:
        makers: list[Callable[[Tensor], Tensor]] = [
            partial(_zoomed, scale=scale, anchor=_CENTER) for scale in self.scales
        ]
        if self.five_crops:
            makers += [
                partial(_zoomed, scale=self.crop_scale, anchor=anchor)
                for anchor in (*_CORNERS, _CENTER)
            ]
        return makers


def _zoomed(images: Tensor, *, scale: float, anchor: tuple[float, float]) -> Tensor:
    """Images resized by ``scale``, then cropped or padded with grey to their old size.

    Args:
        images: (B, 3, H, W).
        scale: enlargement.
        anchor: where the window lies, from 0 (top, left) to 1 (bottom, right).
    """
    if scale == 1:
        return images
    from torch.nn import functional as F

    height, width = images.shape[-2:]
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    resized = F.interpolate(
        images.float(), size=size, mode="bilinear", antialias=True, align_corners=False
    )
    if not images.is_floating_point():
        resized = resized.round().clamp(0, 255)
    found = images.new_full(images.shape, 128)
    # Along each axis either the window lies in the resized image, or that in the window.
    rows, columns = (
        _overlap(old, new, place)
        for old, new, place in zip((height, width), size, anchor, strict=True)
    )
    found[..., rows[0], columns[0]] = resized[..., rows[1], columns[1]].to(images.dtype)
    return found


def _overlap(old: int, new: int, place: float) -> tuple[slice, slice]:
    """Where ``new`` resized pixels and a window of ``old`` meet, in the window and in them."""
    length, start = min(old, new), round(abs(old - new) * place)
    inside, whole = slice(start, start + length), slice(0, length)
    return (whole, inside) if new >= old else (inside, whole)
