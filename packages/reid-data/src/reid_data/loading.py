"""Loaders: from records to batches of uint8 images.

The same seed gives the same batches with any number of workers, from files or from a cache, and
whether the processor or the device augments them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from reid_data.batch import Batch
from reid_data.image_dataset import ImageDataset
from reid_data.images import Unreadable, UnreadableImagesError, limit_threads
from reid_data.packed import Cache, cached_images
from reid_data.records import Records
from reid_data.sampler import PKSampler
from reid_data.transforms import Augmentation
from reid_data.twin_making import TwinMaker
from reid_data.workers import WorkerCount, choose_workers, prefetched_batches

__all__ = ["ImageDataset", "ImageLoader", "eval_loader", "train_loader"]

# For how many epochs training processes are counted on to stay when their number is chosen.
_EPOCHS = 20


class ImageLoader(DataLoader[Batch]):
    """A DataLoader over an `ImageDataset` that stops at unreadable images unless told otherwise.

    The error is raised here rather than in a worker, whose exceptions arrive as text.

    Attributes:
        skip_unreadable: go on with batches that lack what could not be read.
    """

    dataset: ImageDataset
    skip_unreadable: bool = False

    def __iter__(self) -> Iterator[Batch]:  # type: ignore[override]  # a generator iterates as well
        for batch in self._batches():
            if batch.unreadable and not self.skip_unreadable:
                raise UnreadableImagesError(
                    [
                        Unreadable(Path(self.dataset.files[row]), reason)
                        for row, reason in batch.unreadable
                    ]
                )
            yield batch

    def _batches(self) -> Iterator[Batch]:
        try:
            yield from super().__iter__()
        except RuntimeError as error:
            if "DataLoader worker" not in str(error):
                raise
            raise RuntimeError(
                f"a loader process ended before its time ({error}); if the memory ran out, "
                "take fewer workers or smaller batches"
            ) from error


def train_loader(
    records: Records,
    *,
    image_size: tuple[int, int] = (256, 128),
    identities_per_batch: int,
    images_per_identity: int,
    augmentation: Augmentation | None,
    seed: int,
    workers: WorkerCount = 0,
    rank: int = 0,
    world_size: int = 1,
    pin_memory: bool = False,
    augment_on_device: bool = False,
    cache: Cache = "files",
    cache_folder: Path | str | None = None,
    twin: TwinMaker | None = None,
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
        workers: loader processes, which stay alive between epochs; ``"auto"`` takes as many as pay
            (see `choose_workers`). The batches are the same with any number.
        rank: which process this is, in training on several devices.
        world_size: number of such processes.
        pin_memory: put batches in page-locked memory, for a GPU.
        augment_on_device: leave the augmentation to `Batch.to`, which does it on the device that
            the batch goes to: the same images, and next to no time on a GPU.
        cache: keep the encoded images in memory, or in one packed file, for slow disks.
        cache_folder: of the packed file; see `cached_images`.
        twin: adds a changed copy of every image, so that batches hold 2 P K.

    Raises:
        ValueError: see `PKSampler` and `cached_images`.
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
    dataset = ImageDataset(
        labelled,
        image_size=image_size,
        augmentation=augmentation,
        on_device=augment_on_device,
        packed=cached_images(labelled, cache, folder=cache_folder),
        twin=twin,
    )
    batch_size = identities_per_batch * images_per_identity
    images = _EPOCHS * len(sampler) * batch_size
    processes = _processes(dataset, workers, images=images, batch_size=batch_size)
    return ImageLoader(
        dataset,
        # torch types a batch as a list; it hands on whatever the sampler yields.
        batch_sampler=sampler,  # type: ignore[arg-type]
        # For what others draw in a worker, and so that a loader leaves torch's own generator alone.
        generator=torch.Generator().manual_seed(seed % 2**63),
        persistent_workers=processes["num_workers"] > 0,
        pin_memory=pin_memory,
        **processes,
    )


def eval_loader(
    records: Records,
    *,
    image_size: tuple[int, int] = (256, 128),
    batch_size: int,
    workers: WorkerCount = 0,
    skip_unreadable: bool = False,
    pin_memory: bool = False,
    cache: Cache = "files",
    cache_folder: Path | str | None = None,
) -> ImageLoader:
    """The records in their order, resized and not augmented; the last batch may be smaller.

    Args:
        records: the images.
        image_size: height and width.
        batch_size: images in one batch.
        workers: loader processes; ``"auto"`` takes as many as pay (see `choose_workers`).
        skip_unreadable: leave unreadable images out, and report them in `Batch.unreadable`.
        pin_memory: put batches in page-locked memory, for a GPU.
        cache: keep the encoded images in memory, or in one packed file, for slow disks.
        cache_folder: of the packed file; see `cached_images`.

    Raises:
        ValueError: see `cached_images`.
        UnreadableImagesError: while iterating, an image cannot be read and may not be skipped; use
            `find_unreadable` to know all of them before.
    """
    packed = cached_images(records, cache, folder=cache_folder)
    dataset = ImageDataset(records, image_size=image_size, packed=packed)
    loader = ImageLoader(
        dataset,
        batch_size=batch_size,
        generator=torch.Generator(),
        pin_memory=pin_memory,
        **_processes(dataset, workers, images=len(dataset), batch_size=batch_size),
    )
    loader.skip_unreadable = skip_unreadable
    return loader


def _processes(
    dataset: ImageDataset, workers: WorkerCount, *, images: int, batch_size: int
) -> dict[str, Any]:
    """What a DataLoader must know of its processes."""
    if workers == "auto":
        workers = choose_workers(images, dataset.seconds_per_image()) if images else 0
    height, width = dataset.image_size
    return {
        "num_workers": workers,
        "prefetch_factor": prefetched_batches(batch_size * height * width * 3, workers),
        "collate_fn": _as_it_is,
        "worker_init_fn": _start_worker,
    }


def _as_it_is(batch: Any) -> Any:
    return batch


def _start_worker(_worker: int) -> None:
    """One thread a worker: they share the cores with each other, and OpenCV's pool with no fork."""
    torch.set_num_threads(1)
    limit_threads()
