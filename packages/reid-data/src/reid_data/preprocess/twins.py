"""A high- and a low-quality version of one image that stay aligned.

The published system flips, crops and erases the two independently, so that losses between them
compare different places. Here one draw serves both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reid_data.images import Pixels
from reid_data.preprocess.damages import Damage
from reid_data.preprocess.degrade import degrade_image

__all__ = ["Twins", "make_twins"]

Augment = Callable[[Pixels, np.random.Generator], Pixels]
"""A random transform that draws from the generator it is given, such as `Augmentation`."""


@dataclass(frozen=True, eq=False)
class Twins:
    """Two versions of one image.

    Attributes:
        high: as it was, augmented, ``(H, W, 3)``.
        low: damaged, and augmented in the same way.
    """

    high: Pixels
    low: Pixels


def make_twins(
    image: Pixels, damage: Damage, *, seed: int, augment: Augment | None = None
) -> Twins:
    """Damage an image at its own resolution, then augment it and the original alike.

    Two other ways lead to aligned twins: damage a loaded batch on its device (`degrade_batch`), or
    load a data set and the copy that `write_degraded` made of it with the same
    `reid_data.sampler.Draw`, whose seed fixes the augmentation of both.

    Args:
        image: ``(H, W, 3)``, uint8.
        damage: what the low twin suffers.
        seed: of the augmentation.
        augment: what both get; it must draw the same from generators of the same state, which any
            transform does whose draws depend on the size only.

    Raises:
        ValueError: the augmentation gave the two different sizes.

    Examples:
        >>> from reid_data.transforms import Augmentation
        >>> image = np.arange(24 * 12 * 3, dtype=np.uint8).reshape(24, 12, 3)
        >>> twins = make_twins(image, Damage("none"), seed=3, augment=Augmentation(pad=2))
        >>> bool((twins.high == twins.low).all())
        True
    """
    low = degrade_image(image, damage)
    if augment is None:
        return Twins(image.copy(), low)
    twins = Twins(*(augment(twin, np.random.default_rng(seed)) for twin in (image, low)))
    if twins.high.shape != twins.low.shape:
        raise ValueError(
            f"the augmentation made {twins.high.shape} and {twins.low.shape} of one image; it must "
            "draw from the generator only"
        )
    return twins
