"""Training images that lose their detail, alone or as twins of the originals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from reid_data import Batch
from reid_data.preprocess.lowres import low_resolution_batch

__all__ = ["LowResolution", "reduce_rows"]


@dataclass(frozen=True)
class LowResolution:
    """How a batch loses its detail: shrunk and enlarged again, on its device, by a drawn factor.

    It is the last thing that happens to the pixels, so that a twin shares flip, crop and erased box
    with its original.

    Attributes:
        scales: factors to draw from, each image for itself; 2 halves both sides.
        twins: keep every image as it is and add a reduced one; otherwise images are reduced where
            they are.
        probability: of an image to be reduced, when there are no twins.
        antialias: average over the pixels that fall together, as cameras do; the published system
            does not.

    Raises:
        ValueError: no scale, or twins that would be no smaller than their originals.

    Source:
        Knoche et al., "Octuplet Loss", FG 2023, for the twins.
    """

    scales: tuple[Annotated[int, Field(ge=1)], ...] = (2, 4)
    twins: bool = False
    probability: Annotated[float, Field(gt=0, le=1)] = 1.0
    antialias: bool = True

    def __post_init__(self) -> None:
        if not self.scales:
            raise ValueError("scales names no factor; use scales: [4], for example")
        if self.twins and min(self.scales) == 1:
            raise ValueError(
                "a twin reduced by 1 is its original; use scales of 2 or more, or twins: false"
            )
        if self.twins and self.probability != 1:
            raise ValueError("twins are always reduced; leave probability at 1")

    def apply(self, batch: Batch, *, seed: tuple[int, ...]) -> Batch:
        """The batch with reduced images, and with `Batch.scales` to tell which they are.

        Args:
            batch: B images; it is left as it is.
            seed: of the drawn factors.

        Returns:
            B images; with twins 2B, the originals first and their twins in the same order.
        """
        generator = np.random.default_rng(seed)
        drawn = generator.choice(np.array(self.scales, dtype=np.int64), len(batch))
        if not self.twins:
            drawn[generator.random(len(batch)) >= self.probability] = 1
        images = reduce_rows(batch.images, drawn, antialias=self.antialias)
        scales = torch.from_numpy(drawn).to(batch.images.device, non_blocking=True)
        if not self.twins:
            return replace(batch, images=images, scales=scales)
        return replace(
            batch,
            images=torch.cat([batch.images, images]),
            pids=batch.pids.repeat(2),
            camids=batch.camids.repeat(2),
            indices=batch.indices.repeat(2),
            labels=None if batch.labels is None else batch.labels.repeat(2),
            scales=torch.cat([torch.ones_like(scales), scales]),
            mask=None if batch.mask is None else batch.mask.repeat(2, 1),
            targets={name: labels.repeat(2) for name, labels in batch.targets.items()},
            twins=None if batch.twins is None else batch.twins.repeat(2),
        )


def reduce_rows(images: Tensor, scales: np.ndarray, *, antialias: bool = True) -> Tensor:
    """Reduce each image, or clip, of a batch by its own factor.

    Args:
        images: (B, 3, H, W) or (B, T, 3, H, W), uint8; not changed.
        scales: (B,) whole numbers; 1 leaves an image as it is.
        antialias: see `reid_data.preprocess.lowres.low_resolution_batch`.
    """
    if (scales == 1).all():
        return images
    reduced = images.clone()
    for scale, rows in _by_scale(scales):
        places = torch.from_numpy(rows).to(images.device)
        chosen = images[places]
        flat = chosen.reshape(-1, *chosen.shape[-3:])
        smaller = low_resolution_batch(flat, scale=scale, antialias=antialias)
        reduced[places] = smaller.reshape(chosen.shape)
    return reduced


def _by_scale(scales: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    for scale in np.unique(scales[scales > 1]).tolist():
        yield scale, np.flatnonzero(scales == scale)
