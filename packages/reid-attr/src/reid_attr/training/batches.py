"""Batches of augmented training images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import DataLoader

from reid_attr.training.images import AttributeImages
from reid_data import Augmentation, Batch, ImageDataset, UnreadableImagesError
from reid_data.images import Unreadable
from reid_data.shuffling import ShuffledBatches

__all__ = ["shuffled_loader"]


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
