"""The loaders of a training, each process with its own share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from lightning.pytorch import LightningDataModule

from reid_core.training.data.shares import drawn_share, labelled_like
from reid_core.training.data.split import TrainingData
from reid_core.training.data.streams import Loader, StepLoader, Stream
from reid_core.training.recipes.sections import ClipsSection, SecondSection
from reid_data import (
    Augmentation,
    Records,
    eval_clip_loader,
    eval_loader,
    train_clip_loader,
    train_loader,
)
from reid_data.packed import Cache
from reid_data.tracklets import one_row_a_tracklet
from reid_data.twin_making import TwinMaker
from reid_data.workers import WorkerCount, usable_cores

__all__ = ["TrainingLoaders"]


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
        relabel: gives the images of the first data set the labels of the epoch about to begin, -1
            for those to leave out; none: they keep those of their identities.
        second: how to load the second data set, if there is one.
        begins: first epoch of each data set; 0 where not given.
        twins: what adds changed copies to the batches of a data set, if anything.
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
        second: SecondSection | None = None,
        begins: Mapping[Stream, int] | None = None,
        twins: Mapping[Stream, TwinMaker] | None = None,
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
        self._second = second
        self._begins = dict(begins or {})
        self._twins = dict(twins or {})

    @property
    def change(self) -> bool:
        """Whether the training loader differs from epoch to epoch by more than its order."""
        second = self._second
        shares = second is not None and min(second.identities_share, second.images_share) < 1
        return self._relabel is not None or shares or any(self._begins.values())

    def train_dataloader(self) -> Loader | StepLoader:
        """This process's batches, from the epoch at which the training stands."""
        # Lightning may ask workers for the first batches of a resumed run before it says which
        # epoch it is.
        progress: Any = None if self.trainer is None else self.trainer.fit_loop.epoch_progress
        epoch = 0 if progress is None else int(progress.current.processed)
        if self._second is None:
            loader = self._first()
            loader.batch_sampler.set_epoch(epoch)  # type: ignore[union-attr]
            return loader
        builders: dict[Stream, Callable[[], Loader]] = {
            "first": self._first,
            "second": partial(self._other, self._second, epoch),
        }
        begun = {
            stream: build()
            for stream, build in builders.items()
            if epoch >= self._begins.get(stream, 0)
        }
        steps = StepLoader(begun, order=self._second.order)
        steps.set_epoch(epoch)
        return steps

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

    def _first(self) -> Loader:
        records = self._data.train
        return self._train(
            records if self._relabel is None else self._relabel(records),
            self._identities_per_batch,
            self._images_per_identity,
            self._augmentation,
            twin=self._twins.get("first"),
        )

    def _other(self, section: SecondSection, epoch: int) -> Loader:
        if self._data.second is None:
            raise ValueError("expected a second data set to load, came none")
        people = section.identities_per_batch or self._identities_per_batch
        records = drawn_share(
            self._data.second,
            identities=section.identities_share,
            images=section.images_share,
            at_least=people,
            seed=(self._seed, epoch),
        )
        if section.same_people:
            records = labelled_like(records, self._data.train)
        return self._train(
            records,
            people,
            section.images_per_identity or self._images_per_identity,
            self._augmentation if section.augmentation is None else section.augmentation,
            twin=self._twins.get("second"),
        )

    def _train(
        self,
        records: Records,
        people: int,
        images: int,
        augmentation: Augmentation | None,
        *,
        twin: TwinMaker | None,
    ) -> Loader:
        rank, world_size = self._place()
        shared: dict[str, Any] = {
            "image_size": self._image_size,
            "identities_per_batch": people,
            "augmentation": augmentation,
            "seed": self._seed,
            "rank": rank,
            "world_size": world_size,
            "pin_memory": self._pin_memory,
        }
        clips = self._clips
        if clips is None:
            return train_loader(
                records,
                images_per_identity=images,
                workers=self._workers,
                # Where batches go to a GPU, that has time to spare for it; the pixels are the same.
                augment_on_device=self._pin_memory,
                cache=self._cache,
                twin=twin,
                **shared,
            )
        return train_clip_loader(
            records,
            size=clips.length,
            tracklets_per_identity=images,
            drawing=clips.sampling,
            stride=clips.stride,
            workers=self._count(),
            **shared,
        )

    def _count(self) -> int:
        """Processes for clips, of which each has many files to read: as many as there are cores."""
        return usable_cores() if self._workers == "auto" else self._workers

    def _place(self) -> tuple[int, int]:
        if self.trainer is None:
            return 0, 1
        return self.trainer.global_rank, self.trainer.world_size
