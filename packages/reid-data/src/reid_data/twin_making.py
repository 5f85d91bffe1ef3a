"""Changed copies that the loader adds to a batch: degraded images, people in other colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from reid_data.images import Pixels

__all__ = ["Twin", "TwinMaker"]


@dataclass(frozen=True, eq=False)
class Twin:
    """The changed copy of one image.

    Attributes:
        image: ``(H, W, 3)``, uint8.
        targets: labels of `reid_data.Batch.targets` in which it differs from its original.
    """

    image: Pixels
    targets: Mapping[str, int] = field(default_factory=dict)


class TwinMaker(Protocol):
    """Makes the changed copy of a training image, at the image's own resolution.

    Loader processes get a copy of it.
    """

    @property
    def aligned(self) -> bool:
        """Whether a copy is flipped, moved and erased as its original is, not by other draws."""
        ...

    def make(self, image: Pixels, row: int, *, generator: np.random.Generator) -> Twin:
        """The changed copy of the image ``(H, W, 3)`` of a row of the records."""
        ...
