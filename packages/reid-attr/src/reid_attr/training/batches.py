"""Shuffled batches for any number of processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from reid_attr.training.images import AttributeImages
from reid_data import Augmentation, Batch, ImageDataset, UnreadableImagesError
from reid_data.images import Unreadable
from reid_data.sampler import Draw

__all__ = ["ShuffledBatches", "shuffled_loader"]


class ShuffledBatches:
    """Every image once an epoch, in an order and with randomness that seed and epoch fix.

    Images that fill no batch of all processes wait for another epoch.

    Args:
        images: how many.
        batch_size: of one process.
        seed: of the order, and of what is random in a batch.
        rank: which process this is.
        world_size: how many there are.

    Raises:
        ValueError: there are not enough images for one batch of each process.
    """

    def __init__(
        self, images: int, *, batch_size: int, seed: int, rank: int = 0, world_size: int = 1
    ) -> None:
        self._images, self._batch_size, self._seed = images, batch_size, seed
        self._rank, self._world_size, self._epoch = rank, world_size, 0
        self._length = images // (batch_size * world_size)
        if not self._length:
            raise ValueError(
                f"{images} training images do not fill a batch of {batch_size} for each of "
                f"{world_size} processes; lower data.batch_size"
            )

    def __len__(self) -> int:
        """Batches of this process in an epoch."""
        return self._length

    @property
    def sampler(self) -> ShuffledBatches:
        """Itself: Lightning looks here for `set_epoch`."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next pass."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[Draw]:
        generator = np.random.default_rng((self._seed, self._epoch))
        count = self._length * self._world_size
        order = generator.permutation(self._images)[: count * self._batch_size]
        seeds = generator.integers(0, 2**63, count)
        batches = order.reshape(count, self._batch_size)
        for at in range(self._rank, count, self._world_size):
            yield Draw(tuple(batches[at].tolist()), int(seeds[at]))


class _Loader(DataLoader[Batch]):
    """Stops at unreadable images, with their names."""

    def __iter__(self) -> Iterator[Batch]:  # type: ignore[override]  # a generator iterates as well
        dataset: Any = self.dataset
        for batch in super().__iter__():
            if batch.unreadable:
                raise UnreadableImagesError(
                    [Unreadable(dataset.files[row], reason) for row, reason in batch.unreadable]
                )
            yield batch


def shuffled_loader(
    images: AttributeImages,
    *,
    image_size: tuple[int, int],
    augmentation: Augmentation,
    batches: ShuffledBatches,
    workers: int,
) -> DataLoader[Batch]:
    """Augmented training batches."""
    return _Loader(
        ImageDataset(images.records, image_size=image_size, augmentation=augmentation),
        batch_sampler=batches,  # type: ignore[arg-type]  # it yields what the data set takes
        num_workers=workers,
        persistent_workers=workers > 0,
        collate_fn=_as_it_is,
        generator=torch.Generator().manual_seed(0),
    )


def _as_it_is(batch: Any) -> Any:
    return batch
