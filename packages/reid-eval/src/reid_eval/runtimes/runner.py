"""What all runners have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

__all__ = ["METADATA_KEY", "ModelInput", "Runner", "in_batches_of"]

METADATA_KEY = "reid"
"""Name under which a model file carries our JSON: image size, mean, deviation, fingerprint."""


@dataclass(frozen=True)
class ModelInput:
    """What a model file says of the images that it takes.

    Attributes:
        dtype: ``torch.uint8`` for pixels, a float type for images that were normalised before.
        batch_size: images it takes at once; None for any number.
        image_size: (height, width) in pixels; None where the file leaves it open.
    """

    dtype: torch.dtype
    batch_size: int | None
    image_size: tuple[int, int] | None


class Runner(Protocol):
    """A loaded network.

    Attributes:
        input: the images that it takes.
        metadata: what the file carries under our key; empty from a stranger's file.
    """

    input: ModelInput
    metadata: Mapping[str, Any]

    def __call__(self, images: Tensor) -> Tensor:
        """Embed images (B, 3, H, W) of the input's type as float32 (B, D)."""
        ...


def in_batches_of(size: int | None, images: Tensor, run: Callable[[Tensor], Tensor]) -> Tensor:
    """Run images (B, ...) through a network that takes exactly ``size`` of them.

    The last batch is filled up with its first image, whose further answers are dropped.

    Args:
        size: images at once; None for any number.
        images: B images.
        run: the network.

    Examples:
        >>> rows = torch.arange(5.0).reshape(5, 1)
        >>> in_batches_of(2, rows, lambda pair: pair + len(pair)).flatten().tolist()
        [2.0, 3.0, 4.0, 5.0, 6.0]
    """
    if size is None or len(images) == size:
        return run(images)
    found = []
    for start in range(0, len(images), size):
        part = images[start : start + size]
        filling = part[:1].expand(size - len(part), *part.shape[1:])
        found.append(run(torch.cat([part, filling]))[: len(part)])
    return torch.cat(found)
