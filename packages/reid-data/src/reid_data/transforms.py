"""Random transforms of uint8 images: flip, pad and crop, random erasing.

What is random is drawn first, for a whole batch at once, from a generator that the caller gives;
then it is done to each image. Nothing here normalises: that happens on the device.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reid_data.colours import ColourJitter
from reid_data.images import Pixels, flip

__all__ = ["Augmentation", "Plan", "sample_boxes"]

# A box of random shape fits into a 2:1 image five times out of six: 20 draws fail once in 1e15.
_TRIES = 20


@dataclass(frozen=True)
class Plan:
    """What is to be done to one image.

    Attributes:
        flip: mirror it left to right.
        shift: rows and columns by which it moves down and right.
        erase: top, left, height and width of the box to fill; height 0 for none.
    """

    flip: bool
    shift: tuple[int, int]
    erase: tuple[int, int, int, int]


@dataclass(frozen=True)
class Augmentation:
    """The usual augmentation of re-identification: flip, pad and crop, random erasing.

    Padding and cropping at random is moving the image by up to `pad` pixels each way; what comes
    into view is black, as if the image had been padded before normalisation. An erased box gets the
    mean colour of ImageNet, that is (nearly) zero after normalisation.

    Attributes:
        flip: probability of mirroring left to right.
        pad: how far the image moves at most, in pixels.
        erase: probability of erasing a box.
        erase_area: smallest and largest share of the image that a box covers.
        erase_ratio: smallest and largest height / width of a box.
        fill: colour of an erased box, RGB.
        jitter: changes of colour, done by the loaders before all else to whole batches (extra
            ``augment``); None for none. `plan` and `apply` know nothing of it.

    Raises:
        ValueError: a probability is not between 0 and 1, or a range is empty.

    Source:
        Zhong et al., Random Erasing Data Augmentation, AAAI 2020; Luo et al., Bag of Tricks and a
        Strong Baseline for Deep Person Re-identification, CVPR Workshops 2019.
    """

    flip: float = 0.5
    pad: int = 10
    erase: float = 0.5
    erase_area: tuple[float, float] = (0.02, 0.4)
    erase_ratio: tuple[float, float] = (0.3, 3.3)
    fill: tuple[int, int, int] = (124, 116, 104)
    jitter: ColourJitter | None = None

    def __post_init__(self) -> None:
        for name in ("flip", "erase"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a probability from 0 to 1, came {getattr(self, name)}")
        if self.pad < 0:
            raise ValueError(f"pad must be 0 or more pixels, came {self.pad}")
        low, high = self.erase_area
        if not 0 < low <= high <= 1:
            raise ValueError(f"erase_area is a range within 0 .. 1, came {self.erase_area}")
        if not 0 < self.erase_ratio[0] <= self.erase_ratio[1]:
            raise ValueError(f"erase_ratio is a range of positives, came {self.erase_ratio}")

    def __call__(self, image: Pixels, generator: np.random.Generator) -> Pixels:
        """Draw a plan for one image ``(H, W, 3)`` and return the changed copy."""
        (plan,) = self.plan(1, image.shape[:2], generator=generator)
        return self.apply(image, plan)

    def plan(
        self, count: int, size: tuple[int, ...], *, generator: np.random.Generator
    ) -> list[Plan]:
        """Draw what is to be done to `count` images of `size` (height, width)."""
        height, width = size
        flips = generator.random(count) < self.flip
        shifts = generator.integers(-self.pad, self.pad, (count, 2), endpoint=True)
        boxes = sample_boxes(
            count,
            (height, width),
            area=self.erase_area,
            ratio=self.erase_ratio,
            generator=generator,
        )
        boxes[generator.random(count) >= self.erase] = 0
        drawn = zip(flips.tolist(), shifts.tolist(), boxes.tolist(), strict=True)
        return [Plan(mirror, tuple(shift), tuple(box)) for mirror, shift, box in drawn]

    def apply(self, image: Pixels, plan: Plan, *, out: Pixels | None = None) -> Pixels:
        """Do to an image ``(H, W, 3)`` what a plan says; the image itself is left alone.

        Args:
            image: the image.
            plan: from `plan`.
            out: an array of the same shape that takes the result.
        """
        result = np.empty_like(image) if out is None else out
        source = flip(image) if plan.flip else image
        _move(source, plan.shift, out=result)
        top, left, height, width = plan.erase
        if height:
            # Row by row: filling pixel by pixel takes numpy as long as all the rest together.
            row = np.full((width, 3), self.fill, dtype=np.uint8)
            result[top : top + height, left : left + width] = row
        return result


def sample_boxes(
    count: int,
    size: tuple[int, int],
    *,
    area: tuple[float, float],
    ratio: tuple[float, float],
    generator: np.random.Generator,
) -> npt.NDArray[np.int64]:
    """Draw boxes as Random Erasing does.

    The share of the image and the height / width of a box are uniform in their ranges, drawn anew
    while the box does not fit into the image; its place is uniform.

    Args:
        count: boxes to draw.
        size: height and width of the image.
        area: smallest and largest share of the image.
        ratio: smallest and largest height / width.
        generator: where the randomness comes from.

    Returns:
        Top, left, height and width, ``(count, 4)``; height and width are 0 where nothing fitted.
    """
    height, width = size
    areas = generator.uniform(*area, (count, _TRIES)) * height * width
    ratios = generator.uniform(*ratio, (count, _TRIES))
    sides = np.rint(np.sqrt([areas * ratios, areas / ratios])).astype(np.int64)
    fits = (sides[0] < height) & (sides[1] < width)
    first = fits.argmax(axis=1)
    sides = sides[:, np.arange(count), first] * fits.any(axis=1)
    room = np.array([[height], [width]]) - sides
    corners = generator.integers(0, room, endpoint=True)
    return np.concatenate([corners, sides]).T


def _move(image: Pixels, shift: tuple[int, int], *, out: Pixels) -> None:
    """Copy an image into `out`, moved down and right; what comes into view is black."""
    down, right = shift
    height, width = image.shape[:2]
    if down or right:
        out[:] = 0
    rows, columns = max(height - abs(down), 0), max(width - abs(right), 0)
    to_top, to_left = max(down, 0), max(right, 0)
    top, left = max(-down, 0), max(-right, 0)
    out[to_top : to_top + rows, to_left : to_left + columns] = image[
        top : top + rows, left : left + columns
    ]
