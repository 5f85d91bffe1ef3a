"""The loaders of a training, each process with its own share."""

from __future__ import annotations

from typing import Any

import numpy as np
from lightning.pytorch import LightningDataModule

from reid_core.training.split import TrainingData
from reid_data import Augmentation, ImageLoader, eval_loader, train_loader
from reid_data.packed import Cache

__all__ = ["TrainingLoaders"]


class TrainingLoaders(LightningDataModule):
    """Identity-balanced training batches and the validation images, none of them a test image.

    Args:
        data: what to learn from and what to validate on.
        image_size: (height, width) in pixels.
        identities_per_batch: P, distinct people in a batch.
        images_per_identity: K, images of each of them.
        augmentation: random transforms of the training images.
        eval_batch_size: validation images embedded at once.
        seed: of order and augmentation.
        workers: loader processes of each training process.
        pin_memory: put batches in page-locked memory, for a GPU.
        cache: where encoded images are kept; see `reid_data.packed.Cache`.
    """

    def __init__(
        self,
        data: TrainingData,
        *,
        image_size: tuple[int, int],
        identities_per_batch: int,
        images_per_identity: int,
        augmentation: Augmentation | None,
        eval_batch_size: int,
        seed: int,
        workers: int = 0,
        pin_memory: bool = False,
        cache: Cache = "files",
    ) -> None:
        super().__init__()
        self._data = data
        self._image_size = image_size
        self._identities_per_batch = identities_per_batch
        self._images_per_identity = images_per_identity
        self._augmentation = augmentation
        self._eval_batch_size = eval_batch_size
        self._seed = seed
        self._workers = workers
        self._pin_memory = pin_memory
        self._cache: Cache = cache

    def train_dataloader(self) -> ImageLoader:
        """This process's batches, from the epoch at which the training stands."""
        rank, world_size = self._place()
        loader = train_loader(
            self._data.train,
            image_size=self._image_size,
            identities_per_batch=self._identities_per_batch,
            images_per_identity=self._images_per_identity,
            augmentation=self._augmentation,
            seed=self._seed,
            workers=self._workers,
            rank=rank,
            world_size=world_size,
            pin_memory=self._pin_memory,
            # Where batches go to a GPU, that has time to spare for it; the pixels are the same.
            augment_on_device=self._pin_memory,
            cache=self._cache,
        )
        if self.trainer is not None:
            # Lightning may ask workers for the first batches of a resumed run before it says which
            # epoch it is.
            done: Any = self.trainer.fit_loop.epoch_progress.current
            loader.batch_sampler.set_epoch(done.processed)  # type: ignore[union-attr]
        return loader

    def val_dataloader(self) -> ImageLoader | list[ImageLoader]:
        """This process's validation images: from its rank on, every world_size-th."""
        validation = self._data.validation
        if validation is None:
            return []
        rank, world_size = self._place()
        return eval_loader(
            validation.take(np.arange(rank, len(validation), world_size)),
            image_size=self._image_size,
            batch_size=self._eval_batch_size,
            workers=self._workers,
            pin_memory=self._pin_memory,
            cache=self._cache,
        )

    def _place(self) -> tuple[int, int]:
        if self.trainer is None:
            return 0, 1
        return self.trainer.global_rank, self.trainer.world_size
