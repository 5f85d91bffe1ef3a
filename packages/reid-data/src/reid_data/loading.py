"""Loaders: from records to batches of uint8 images.

A batch is decoded in one go into one array, so nothing is collated, and its randomness comes with
its `reid_data.sampler.Draw`: the same seed gives the same batches with any number of workers.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from reid_data.batch import Batch
from reid_data.images import Unreadable, UnreadableImagesError, limit_threads, resize, try_read
from reid_data.records import Records
from reid_data.sampler import Draw, PKSampler
from reid_data.transforms import Augmentation

__all__ = ["ImageDataset", "ImageLoader", "eval_loader", "train_loader"]


class ImageDataset(Dataset[Batch]):
    """Records as batches: an index gives a batch of one, several give one of several.

    Unreadable images are left out of a batch and reported in `Batch.unreadable`.

    Args:
        records: what to load; a column ``label`` (see `Records.relabel`) becomes `Batch.labels`.
        image_size: height and width of the images made.
        augmentation: random transforms; they need a `Draw`, which carries the seed.

    Raises:
        ValueError: the image size is not positive.
    """

    def __init__(
        self,
        records: Records,
        *,
        image_size: tuple[int, int] = (256, 128),
        augmentation: Augmentation | None = None,
    ) -> None:
        if min(image_size) < 1:
            raise ValueError(f"image_size (height, width) must be positive, came {image_size}")
        self.image_size = image_size
        self.augmentation = augmentation
        self.files = [os.path.join(records.root, path) for path in records.table["path"]]  # noqa: PTH118
        self._pids = torch.from_numpy(records.pids.copy())
        self._camids = torch.from_numpy(records.camids.copy())
        labelled = "label" in records.table
        self._labels = torch.from_numpy(records.labels.copy()) if labelled else None

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Batch:
        return self.__getitems__([index])

    def __getitems__(self, wanted: Draw | Sequence[int]) -> Batch:
        """Load the images of a draw, or of plain indices.

        Raises:
            ValueError: there is an augmentation but no `Draw` to seed it.
        """
        indices = wanted.indices if isinstance(wanted, Draw) else tuple(wanted)
        pixels = np.empty((len(indices), *self.image_size, 3), dtype=np.uint8)
        faults = self._fill(pixels, indices)
        if self.augmentation is not None:
            if not isinstance(wanted, Draw):
                raise ValueError("augmentation needs a seed: load by Draw, not by plain indices")
            self._augment(pixels, self.augmentation, wanted.seed)
        kept = [slot for slot in range(len(indices)) if slot not in faults]
        if faults:
            pixels = pixels[kept]
        rows = torch.tensor([indices[slot] for slot in kept], dtype=torch.int64)
        return Batch(
            images=torch.from_numpy(pixels).permute(0, 3, 1, 2),
            pids=self._pids[rows],
            camids=self._camids[rows],
            indices=rows,
            labels=None if self._labels is None else self._labels[rows],
            unreadable=tuple((indices[slot], reason) for slot, reason in faults.items()),
        )

    def _fill(self, pixels: np.ndarray, indices: Sequence[int]) -> dict[int, str]:
        """Decode and resize into the slots of `pixels`; return the slots that failed, and why."""
        faults: dict[int, str] = {}
        # File by file: each has its own size and decoder state.
        for slot, index in enumerate(indices):
            image = try_read(self.files[index], at_least=self.image_size)
            if isinstance(image, str):
                faults[slot] = image
            else:
                resize(image, self.image_size, out=pixels[slot])
        return faults

    def _augment(self, pixels: np.ndarray, augmentation: Augmentation, seed: int) -> None:
        generator = np.random.default_rng(seed)
        plans = augmentation.plan(len(pixels), self.image_size, generator=generator)
        # Image by image: each moves by its own offset, which no batched copy can do.
        for image, plan in zip(pixels, plans, strict=True):
            augmentation.apply(image.copy(), plan, out=image)


class ImageLoader(DataLoader[Batch]):
    """A DataLoader over an `ImageDataset` that stops at unreadable images unless told otherwise.

    The error is raised here rather than in a worker, whose exceptions arrive as text.

    Attributes:
        skip_unreadable: go on with batches that lack what could not be read.
    """

    dataset: ImageDataset
    skip_unreadable: bool = False

    def __iter__(self) -> Iterator[Batch]:  # type: ignore[override]  # a generator iterates as well
        for batch in super().__iter__():
            if batch.unreadable and not self.skip_unreadable:
                raise UnreadableImagesError(
                    [
                        Unreadable(Path(self.dataset.files[row]), reason)
                        for row, reason in batch.unreadable
                    ]
                )
            yield batch


def train_loader(
    records: Records,
    *,
    image_size: tuple[int, int] = (256, 128),
    identities_per_batch: int,
    images_per_identity: int,
    augmentation: Augmentation | None,
    seed: int,
    workers: int = 0,
    rank: int = 0,
    world_size: int = 1,
    pin_memory: bool = False,
) -> ImageLoader:
    """Endless variety from the training records: P x K batches, augmented, with labels.

    Call ``loader.batch_sampler.set_epoch(epoch)`` before each pass, or let Lightning do it.

    Args:
        records: training images; they are relabelled unless they have labels.
        image_size: height and width.
        identities_per_batch: P, see `PKSampler`.
        images_per_identity: K.
        augmentation: random transforms, or None.
        seed: of the order and the augmentation; the same for every rank.
        workers: loader processes; they stay alive between epochs.
        rank: which process this is, in training on several devices.
        world_size: number of such processes.
        pin_memory: put batches in page-locked memory, for a GPU.

    Raises:
        ValueError: see `PKSampler`.
        UnreadableImagesError: while iterating, an image cannot be read.
    """
    labelled = records if "label" in records.table else records.relabel()
    sampler = PKSampler(
        labelled.labels,
        identities_per_batch=identities_per_batch,
        images_per_identity=images_per_identity,
        seed=seed,
        rank=rank,
        world_size=world_size,
    )
    return ImageLoader(
        ImageDataset(labelled, image_size=image_size, augmentation=augmentation),
        # torch types a batch as a list; it hands on whatever the sampler yields.
        batch_sampler=sampler,  # type: ignore[arg-type]
        num_workers=workers,
        collate_fn=_as_it_is,
        worker_init_fn=_start_worker,
        persistent_workers=workers > 0,
        pin_memory=pin_memory,
    )


def eval_loader(
    records: Records,
    *,
    image_size: tuple[int, int] = (256, 128),
    batch_size: int,
    workers: int = 0,
    skip_unreadable: bool = False,
    pin_memory: bool = False,
) -> ImageLoader:
    """The records in their order, resized and not augmented; the last batch may be smaller.

    Args:
        records: the images.
        image_size: height and width.
        batch_size: images in one batch.
        workers: loader processes.
        skip_unreadable: leave unreadable images out, and report them in `Batch.unreadable`.
        pin_memory: put batches in page-locked memory, for a GPU.

    Raises:
        UnreadableImagesError: while iterating, an image cannot be read and may not be skipped; use
            `find_unreadable` to know all of them before.
    """
    loader = ImageLoader(
        ImageDataset(records, image_size=image_size),
        batch_size=batch_size,
        num_workers=workers,
        collate_fn=_as_it_is,
        worker_init_fn=_start_worker,
        pin_memory=pin_memory,
    )
    loader.skip_unreadable = skip_unreadable
    return loader


def _as_it_is(batch: Any) -> Any:
    return batch


def _start_worker(_worker: int) -> None:
    """One thread a worker: they share the cores with each other, and OpenCV's pool with no fork."""
    torch.set_num_threads(1)
    limit_threads()
