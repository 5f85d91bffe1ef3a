"""The loaders of a training, each process with its own share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from lightning.pytorch import LightningDataModule

from reid_core.training.clip_batches import one_row_a_tracklet
from reid_core.training.sections import ClipsSection
from reid_core.training.split import TrainingData
from reid_data import (
    Augmentation,
    ClipLoader,
    ImageLoader,
    Records,
    eval_clip_loader,
    eval_loader,
    train_clip_loader,
    train_loader,
)
from reid_data.packed import Cache
from reid_data.workers import WorkerCount, usable_cores

__all__ = ["TrainingLoaders"]

Loader = ImageLoader | ClipLoader


class TrainingLoaders(LightningDataModule):
    """Identity-balanced training batches and the validation images, none of them a test image.

    Args:
        data: what to learn from and what to validate on.
        image_size: (height, width) in pixels.
        identities_per_batch: P, distinct people in a batch.
        images_per_identity: K, images (or clips) of each of them.
        augmentation: random transforms of the training images.
        eval_batch_size: validation images (or clips) embedded at once.
        seed: of order and augmentation.
        workers: loader processes of each training process.
        pin_memory: put batches in page-locked memory, for a GPU.
        cache: where encoded images are kept; see `reid_data.packed.Cache`.
        clips: load clips of tracklets; none: single images.
        relabel: gives the training images the labels of the epoch about to begin; none: they keep
            those of their identities.
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
        workers: WorkerCount = 0,
        pin_memory: bool = False,
        cache: Cache = "files",
        clips: ClipsSection | None = None,
        relabel: Callable[[Records], Records] | None = None,
    ) -> None:
        super().__init__()
        self._data = data
        self._image_size = image_size
        self._identities_per_batch = identities_per_batch
        self._images_per_identity = images_per_identity
        self._augmentation = augmentation
        self._eval_batch_size = eval_batch_size
        self._seed = seed
        self._workers: WorkerCount = workers
        self._pin_memory = pin_memory
        self._cache: Cache = cache
        self._clips = clips
        self._relabel = relabel

    def train_dataloader(self) -> Loader:
        """This process's batches, from the epoch at which the training stands."""
        records = self._data.train
        if self._relabel is not None:
            records = self._relabel(records)
        loader = self._train_images(records) if self._clips is None else self._train_clips(records)
        if self.trainer is not None:
            # Lightning may ask workers for the first batches of a resumed run before it says which
            # epoch it is.
            done: Any = self.trainer.fit_loop.epoch_progress.current
            loader.batch_sampler.set_epoch(done.processed)  # type: ignore[union-attr]
        return loader

    def val_dataloader(self) -> Loader | list[Loader]:
        """This process's validation images (or tracklets): from its rank on, every n-th."""
        validation = self._data.validation
        if validation is None:
            return []
        rank, world_size = self._place()
        shared: dict[str, Any] = {
            "image_size": self._image_size,
            "batch_size": self._eval_batch_size,
            "pin_memory": self._pin_memory,
        }
        clips = self._clips
        if clips is None:
            share = np.arange(rank, len(validation), world_size)
            return eval_loader(
                validation.take(share), workers=self._workers, cache=self._cache, **shared
            )
        numbers = one_row_a_tracklet(validation).table["tracklet"].to_numpy(dtype=np.int64)
        mine = np.isin(validation.table["tracklet"], numbers[rank::world_size])
        return eval_clip_loader(
            validation.take(mine),
            size=clips.length,
            stride=clips.stride,
            most=clips.most,
            workers=self._count(),
            **shared,
        )

    def _train_images(self, records: Records) -> ImageLoader:
        rank, world_size = self._place()
        return train_loader(
            records,
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

    def _train_clips(self, records: Records) -> ClipLoader:
        clips = self._clips or ClipsSection()
        rank, world_size = self._place()
        return train_clip_loader(
            records,
            size=clips.length,
            image_size=self._image_size,
            identities_per_batch=self._identities_per_batch,
            tracklets_per_identity=self._images_per_identity,
            drawing=clips.sampling,
            stride=clips.stride,
            augmentation=self._augmentation,
            seed=self._seed,
            workers=self._count(),
            rank=rank,
            world_size=world_size,
            pin_memory=self._pin_memory,
        )

    def _count(self) -> int:
        """Processes for clips, of which each has many files to read: as many as there are cores."""
        return usable_cores() if self._workers == "auto" else self._workers

    def _place(self) -> tuple[int, int]:
        if self.trainer is None:
            return 0, 1
        return self.trainer.global_rank, self.trainer.world_size
