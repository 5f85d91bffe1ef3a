"""Clips as samples: several frames of one tracklet, read as one.

For training a sample is a tracklet, of which every epoch draws other frames; for evaluation it is a
clip, and all clips of a tracklet come one after the other. A batch is random by its
`reid_data.sampler.Draw` alone, as with single images, and an augmentation is decided once a clip.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from reid_data.colours import jitter_colours
from reid_data.console import require
from reid_data.image_dataset import ImageDataset
from reid_data.preprocess.clips import Tail, random_clip, sample_clips, uniform_clip
from reid_data.records import Ids, Records
from reid_data.sampler import Draw
from reid_data.tracklets import Tracklets, tracklets_of
from reid_data.transforms import Augmentation
from reid_data.workers import one_thread

__all__ = ["ClipBatch", "ClipDataset", "Drawing", "TrackletDataset"]

Drawing = Literal["uniform", "random"]
"""How training draws a clip: a frame from each of equal chunks, or consecutive frames."""


@dataclass(frozen=True)
class ClipBatch:
    """Clips and what is known about them.

    Attributes:
        clips: uint8 RGB, ``(B, T, 3, H, W)``; normalise them on the device.
        mask: ``(B, T)`` bool, False where a frame was shown before and only fills a tail. A mean
            over the frames where it is true counts each frame once.
        pids: identities, ``(B,)`` int64.
        camids: cameras, ``(B,)`` int64; -1 for unknown, which never equals another.
        tracklets: numbers of the tracklets, ``(B,)`` int64.
        rows: rows of the records, ``(B, T)`` int64.
        labels: training labels, ``(B,)`` int64, where the records have them.
        unreadable: rows that could not be read, with the reason; clips with such a frame are left
            out.
    """

    clips: Tensor
    mask: Tensor
    pids: Tensor
    camids: Tensor
    tracklets: Tensor
    rows: Tensor
    labels: Tensor | None = None
    unreadable: tuple[tuple[int, str], ...] = ()

    def __len__(self) -> int:
        return len(self.pids)

    def to(self, device: torch.device | str, non_blocking: bool = False) -> ClipBatch:
        """The batch on a device; the signature is that of `torch.Tensor.to`."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> ClipBatch:
        """The same batch in page-locked memory, from which copies to a GPU are asynchronous."""
        return self._each(Tensor.pin_memory)

    def _each(self, change: Callable[[Tensor], Tensor]) -> ClipBatch:
        return replace(
            self,
            clips=change(self.clips),
            mask=change(self.mask),
            pids=change(self.pids),
            camids=change(self.camids),
            tracklets=change(self.tracklets),
            rows=change(self.rows),
            labels=None if self.labels is None else change(self.labels),
        )


class _Reader:
    """Reads clips: frames are decoded once a batch, however often they are shown."""

    def __init__(
        self, records: Records, image_size: tuple[int, int], augmentation: Augmentation | None
    ) -> None:
        if augmentation is not None and augmentation.jitter is not None:
            require("kornia", extra="reid-data[augment]", for_what="changing colours")
        self.images = ImageDataset(records, image_size=image_size)
        self.augmentation = augmentation
        self._pids, self._camids = records.pids, records.camids
        self._tracklets = records.table["tracklet"].to_numpy(dtype=np.int64, na_value=-1)
        self._labels = records.labels if "label" in records.table else None

    def read(self, rows: Ids, mask: np.ndarray, generator: np.random.Generator | None) -> ClipBatch:
        """Read clips of these rows, ``(B, T)``, and augment them if there is a generator."""
        needed, places = np.unique(rows, return_inverse=True)
        read = self.images.__getitems__(needed.tolist())
        bad = [row for row, _ in read.unreadable]
        kept = ~np.isin(rows, bad).any(axis=1)
        slot_of = np.cumsum(~np.isin(needed, bad)) - 1
        slots = slot_of[places.reshape(rows.shape)][kept]
        pixels = read.images.permute(0, 2, 3, 1).numpy()[slots]
        if self.augmentation is not None and generator is not None and len(pixels):
            pixels = _augmented(pixels, self.augmentation, generator)
        rows = rows[kept]
        first = rows[:, 0]
        labels = None if self._labels is None else torch.from_numpy(self._labels[first])
        return ClipBatch(
            clips=torch.from_numpy(pixels).permute(0, 1, 4, 2, 3),
            mask=torch.from_numpy(mask[kept]),
            pids=torch.from_numpy(self._pids[first]),
            camids=torch.from_numpy(self._camids[first]),
            tracklets=torch.from_numpy(self._tracklets[first]),
            rows=torch.from_numpy(rows),
            labels=labels,
            unreadable=read.unreadable,
        )


class TrackletDataset(Dataset[ClipBatch]):
    """A tracklet is a sample, of which a clip is drawn anew by the seed of each `Draw`.

    Args:
        records: with a column ``tracklet``.
        size: frames of a clip.
        image_size: height and width.
        drawing: a frame from each of ``size`` equal chunks, or frames `stride` apart.
        stride: see `reid_data.preprocess.clips.random_clip`.
        augmentation: random transforms, decided once a clip; None for none.

    Raises:
        ValueError: the records have no tracklets, or an argument is out of range.
    """

    def __init__(
        self,
        records: Records,
        *,
        size: int,
        image_size: tuple[int, int] = (256, 128),
        drawing: Drawing = "uniform",
        stride: int = 1,
        augmentation: Augmentation | None = None,
    ) -> None:
        _check(size=size, stride=stride)
        if drawing not in get_args(Drawing):
            raise ValueError(f"drawing must be uniform or random, came {drawing!r}")
        self.tracklets: Tracklets = tracklets_of(records)
        self.size, self.drawing, self.stride = size, drawing, stride
        self.reader = _Reader(records, image_size, augmentation)

    def __len__(self) -> int:
        return len(self.tracklets)

    def __getitems__(self, wanted: Draw) -> ClipBatch:
        """Draw and load a clip of each tracklet; one that is asked for twice gives two."""
        generator = np.random.default_rng(wanted.seed)
        with one_thread():
            rows = np.stack([self._clip(index, generator) for index in wanted.indices])
            mask = np.stack([_first_showings(clip) for clip in rows])
            return self.reader.read(rows, mask, generator)

    def _clip(self, index: int, generator: np.random.Generator) -> Ids:
        frames = self.tracklets.rows[index]
        if self.drawing == "uniform":
            return frames[uniform_clip(len(frames), size=self.size, generator=generator)]
        chosen = random_clip(len(frames), size=self.size, stride=self.stride, generator=generator)
        return frames[chosen]


class ClipDataset(Dataset[ClipBatch]):
    """All clips of all tracklets, from the beginning of each to its end.

    Args:
        records: with a column ``tracklet``.
        size: frames of a clip.
        image_size: height and width.
        stride: this and the next two: see `reid_data.preprocess.clips.dense_clips`.
        tail: what becomes of the frames left over at the end.
        most: clips to keep of a tracklet; None for all.

    Raises:
        ValueError: the records have no tracklets, or an argument is out of range.
    """

    def __init__(
        self,
        records: Records,
        *,
        size: int,
        image_size: tuple[int, int] = (256, 128),
        stride: int = 1,
        tail: Tail = "cycle",
        most: int | None = None,
    ) -> None:
        clips = sample_clips(records, mode="dense", size=size, stride=stride, tail=tail, most=most)
        self.rows = clips.rows
        self.mask = _first_showings(clips.rows)
        self.reader = _Reader(records, image_size, None)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitems__(self, wanted: Sequence[int]) -> ClipBatch:
        """Load some of the clips."""
        chosen = np.asarray(wanted, dtype=np.int64)
        with one_thread():
            return self.reader.read(self.rows[chosen], self.mask[chosen], None)


def _first_showings(rows: Ids) -> np.ndarray:
    """Where each row of the records occurs for the first time."""
    first = np.zeros(rows.size, dtype=np.bool_)
    first[np.unique(rows, return_index=True)[1]] = True
    return first.reshape(rows.shape)


def _augmented(
    clips: np.ndarray, augmentation: Augmentation, generator: np.random.Generator
) -> np.ndarray:
    """Change clips ``(B, T, H, W, 3)``, all frames of one alike."""
    plans = augmentation.plan(len(clips), clips.shape[2:4], generator=generator)
    if augmentation.jitter is not None:
        colours = torch.from_numpy(augmentation.jitter.draw(len(clips), generator=generator))
        planes = torch.from_numpy(clips).flatten(0, 1).permute(0, 3, 1, 2)
        changed = jitter_colours(planes, colours.repeat_interleave(clips.shape[1], dim=0))
        clips = changed.permute(0, 2, 3, 1).reshape(clips.shape).numpy()
    return np.stack(
        [
            np.stack([augmentation.apply(frame, plan) for frame in clip])
            for clip, plan in zip(clips, plans, strict=True)
        ]
    )


def _check(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"{name} must be 1 or more, came {number}")
