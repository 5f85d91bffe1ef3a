"""Loaders of clips: several frames of one tracklet as one sample."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from reid_data.clip_dataset import ClipBatch, ClipDataset, Drawing, TrackletDataset
from reid_data.images import Unreadable, UnreadableImagesError, limit_threads
from reid_data.preprocess.clips import Tail
from reid_data.records import Records
from reid_data.sampler import PKSampler
from reid_data.transforms import Augmentation

__all__ = ["ClipLoader", "eval_clip_loader", "train_clip_loader"]


class ClipLoader(DataLoader[ClipBatch]):
    """A DataLoader of clips that stops at unreadable frames unless told otherwise.

    Attributes:
        skip_unreadable: go on without the clips that have such a frame.
    """

    dataset: TrackletDataset | ClipDataset
    skip_unreadable: bool = False

    def __iter__(self) -> Iterator[ClipBatch]:  # type: ignore[override]  # as of `ImageLoader`
        files = self.dataset.reader.images.files
        for batch in super().__iter__():
            if batch.unreadable and not self.skip_unreadable:
                raise UnreadableImagesError(
                    [Unreadable(Path(files[row]), reason) for row, reason in batch.unreadable]
                )
            yield batch


def train_clip_loader(
    records: Records,
    *,
    size: int,
    image_size: tuple[int, int] = (256, 128),
    identities_per_batch: int,
    tracklets_per_identity: int,
    drawing: Drawing = "uniform",
    stride: int = 1,
    augmentation: Augmentation | None,
    seed: int,
    workers: int = 0,
    rank: int = 0,
    world_size: int = 1,
    pin_memory: bool = False,
) -> ClipLoader:
    """Batches of P identities with K tracklets each, a clip of every one, with labels.

    Every tracklet is in every epoch. Call ``loader.batch_sampler.set_epoch(epoch)`` before each
    pass, or let Lightning do it.

    Args:
        records: training frames; they are relabelled unless they have labels.
        size: frames of a clip.
        image_size: height and width.
        identities_per_batch: P, see `PKSampler`.
        tracklets_per_identity: K; identities with fewer give several clips of a tracklet.
        drawing: see `TrackletDataset`.
        stride: see `TrackletDataset`.
        augmentation: random transforms, decided once a clip, or None.
        seed: of the order, the frames and the augmentation; the same for every rank.
        workers: loader processes; they stay alive between epochs.
        rank: which process this is, in training on several devices.
        world_size: number of such processes.
        pin_memory: put batches in page-locked memory, for a GPU.

    Raises:
        ValueError: see `PKSampler` and `TrackletDataset`.
        UnreadableImagesError: while iterating, a frame cannot be read.
    """
    dataset = TrackletDataset(
        records if "label" in records.table else records.relabel(),
        size=size,
        image_size=image_size,
        drawing=drawing,
        stride=stride,
        augmentation=augmentation,
    )
    sampler = PKSampler(
        dataset.tracklets.pids,
        identities_per_batch=identities_per_batch,
        images_per_identity=tracklets_per_identity,
        seed=seed,
        rank=rank,
        world_size=world_size,
    )
    return ClipLoader(
        dataset,
        # torch types a batch as a list; it hands on whatever the sampler yields.
        batch_sampler=sampler,  # type: ignore[arg-type]
        num_workers=workers,
        collate_fn=_as_it_is,
        worker_init_fn=_start_worker,
        persistent_workers=workers > 0,
        pin_memory=pin_memory,
    )


def eval_clip_loader(
    records: Records,
    *,
    size: int,
    image_size: tuple[int, int] = (256, 128),
    batch_size: int,
    stride: int = 1,
    tail: Tail = "cycle",
    most: int | None = None,
    workers: int = 0,
    skip_unreadable: bool = False,
    pin_memory: bool = False,
) -> ClipLoader:
    """All clips of every tracklet in their order, not augmented; the last batch may be smaller.

    Args:
        records: the frames.
        size: frames of a clip.
        image_size: height and width.
        batch_size: clips in one batch.
        stride: see `ClipDataset`.
        tail: see `ClipDataset`; `ClipBatch.mask` tells which frames only fill a tail.
        most: see `ClipDataset`.
        workers: loader processes.
        skip_unreadable: leave out clips with unreadable frames, and report these.
        pin_memory: put batches in page-locked memory, for a GPU.

    Raises:
        ValueError: see `ClipDataset`.
        UnreadableImagesError: while iterating, a frame cannot be read and may not be skipped.
    """
    loader = ClipLoader(
        ClipDataset(records, size=size, image_size=image_size, stride=stride, tail=tail, most=most),
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
    """One thread a worker, as for images."""
    torch.set_num_threads(1)
    limit_threads()
