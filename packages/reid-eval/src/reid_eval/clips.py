"""Embedding with a network that takes clips: one row a tracklet, the mean of its clips."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reid_data.clip_loading import eval_clip_loader
from reid_data.images import Unreadable
from reid_data.records import Records
from reid_data.tracklets import one_row_a_tracklet, tracklet_rows
from reid_data.workers import WorkerCount, usable_cores
from reid_eval.embedders import Embedder
from reid_eval.views import Views

if TYPE_CHECKING:
    from reid_data.clip_dataset import ClipBatch

__all__ = ["Samples", "clip_size", "clip_stride", "embed_clips"]


def clip_size(embedder: Embedder) -> int | None:
    """Frames T of the clips that an embedder takes; none: it takes images."""
    return getattr(embedder, "clip_size", None)


def clip_stride(embedder: Embedder) -> int:
    """Distance of the frames of its clips."""
    return int(getattr(embedder, "clip_stride", 1))


class Samples:
    """What is embedded as one: an image, or for an embedder of clips a tracklet.

    Args:
        embedder: the model.
        records: images, of which those without a tracklet are left out where clips are wanted.

    Attributes:
        records: one row a sample; of a tracklet its first frame.
        images: how many images each sample has, (N,).

    Raises:
        ValueError: clips are wanted, and the records have no tracklets.
    """

    def __init__(self, embedder: Embedder, records: Records) -> None:
        self._all = records
        self._groups: list[NDArray[np.int64]] | None = None
        self.records = records
        self.images = np.ones(len(records), np.int64)
        if clip_size(embedder) is not None:
            self._groups = [rows for _, rows in tracklet_rows(records)]
            self.records = one_row_a_tracklet(records)
            self.images = np.array([len(rows) for rows in self._groups], np.int64)

    def take(self, rows: NDArray[np.int64]) -> Records:
        """The images of some of the samples, which are given by ascending rows."""
        if self._groups is None:
            return self._all.take(rows)
        return self._all.take(np.sort(np.concatenate([self._groups[row] for row in rows])))


def embed_clips(
    embedder: Embedder,
    records: Records,
    *,
    batch_size: int,
    workers: WorkerCount,
    views: Views,
    unreadable: list[Unreadable],
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Embed every tracklet: numbers of tracklets from 0 on (B,) and their embeddings (B, D).

    Args:
        embedder: takes uint8 clips (B, T, 3, H, W).
        records: all frames.
        batch_size: clips in one forward pass.
        workers: loader processes.
        views: of each frame.
        unreadable: gets the frames that cannot be read; clips with one are left out.
    """
    size, paths = clip_size(embedder) or 1, records.paths
    numbers = np.array([number for number, _ in tracklet_rows(records)])
    total = np.zeros((len(numbers), embedder.embedding_size), np.float32)
    counts = np.zeros(len(numbers), np.int64)
    given = 0
    for batch in eval_clip_loader(
        records,
        size=size,
        stride=clip_stride(embedder),
        image_size=embedder.image_size,
        batch_size=batch_size,
        workers=usable_cores() if workers == "auto" else workers,
        skip_unreadable=True,
        pin_memory=embedder.device.type == "cuda",
    ):
        unreadable.extend(Unreadable(paths[row], reason) for row, reason in batch.unreadable)
        if not len(batch.tracklets):
            continue
        places = np.searchsorted(numbers, batch.tracklets.numpy())
        np.add.at(total, places, _values(embedder, batch, views).cpu().numpy())
        np.add.at(counts, places, 1)
        # Clips come tracklet by tracklet: those in front of the last one are complete.
        yield _means(total, counts, given, last := int(places[-1]))
        given = last
    yield _means(total, counts, given, len(numbers))


@torch.inference_mode()
def _values(embedder: Embedder, batch: ClipBatch, views: Views) -> Tensor:
    clips = batch.clips.to(embedder.device, non_blocking=True)
    run = partial(_of_frames, embedder, count=len(clips))
    return views.embed(run, clips.flatten(0, 1))


def _of_frames(embedder: Embedder, frames: Tensor, *, count: int) -> Tensor:
    output = embedder(frames.reshape(count, -1, *frames.shape[1:]))
    expected = (count, embedder.embedding_size)
    if tuple(output.shape) != expected:
        raise ValueError(
            f"the embedder must return a tensor {expected}, it returned {tuple(output.shape)}"
        )
    return output.float()


def _means(
    total: NDArray[np.float32], counts: NDArray[np.int64], first: int, end: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    rows = first + counts[first:end].nonzero()[0]
    return rows, np.asarray(total[rows] / counts[rows, None], np.float32)
