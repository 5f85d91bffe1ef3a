"""Records as a data set of batches: decoded in one go into one array, so nothing is collated.

The randomness of a batch comes with its `reid_data.sampler.Draw`, so that it does not matter which
process loads it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from reid_data.batch import Batch
from reid_data.colours import jitter_colours
from reid_data.console import require
from reid_data.device_augmentation import PendingAugmentation, stack_plans
from reid_data.images import Pixels, resize, try_decode, try_read
from reid_data.packed import PackedImages
from reid_data.records import Records
from reid_data.sampler import Draw
from reid_data.transforms import Augmentation, Plan
from reid_data.twin_making import TwinMaker
from reid_data.workers import one_thread

__all__ = ["ImageDataset"]

_TARGET = "label_"
_TWINS = 1  # the stream of draws for changed copies


class ImageDataset(Dataset[Batch]):
    """Records as batches: an index gives a batch of one, several give one of several.

    Unreadable images are left out of a batch and reported in `Batch.unreadable`.

    Args:
        records: what to load; a column ``label`` (see `Records.relabel`) becomes `Batch.labels`, a
            column ``label_clothes`` the entry ``clothes`` of `Batch.targets`, and so on.
        image_size: height and width of the images made.
        augmentation: random transforms; they need a `Draw`, which carries the seed.
        on_device: only draw the augmentation; `Batch.to` does it, on the device it moves to.
        packed: where the encoded images are, if not in their files; see `cached_images`.
        twin: adds a changed copy of every image; it needs a `Draw` too.

    Raises:
        ValueError: the image size is not positive, or `packed` is of other records.
        MissingExtraError: the augmentation changes colours, and kornia is not installed.
    """

    def __init__(
        self,
        records: Records,
        *,
        image_size: tuple[int, int] = (256, 128),
        augmentation: Augmentation | None = None,
        on_device: bool = False,
        packed: PackedImages | None = None,
        twin: TwinMaker | None = None,
    ) -> None:
        if min(image_size) < 1:
            raise ValueError(f"image_size (height, width) must be positive, came {image_size}")
        if packed is not None and len(packed) != len(records):
            raise ValueError(f"{len(packed)} packed images for {len(records)} records")
        if augmentation is not None and augmentation.jitter is not None:
            require("kornia", extra="reid-data[augment]", for_what="changing colours")
        self.image_size = image_size
        self.augmentation = augmentation
        self.on_device = on_device
        self.files = [os.path.join(records.root, path) for path in records.table["path"]]  # noqa: PTH118
        self._packed = packed
        self._pids = torch.from_numpy(records.pids.copy())
        self._camids = torch.from_numpy(records.camids.copy())
        labelled = "label" in records.table
        self._labels = torch.from_numpy(records.labels.copy()) if labelled else None
        self._targets = {
            name.removeprefix(_TARGET): torch.tensor(records.table[name].to_numpy(np.int64))
            for name in map(str, records.table)
            if name.startswith(_TARGET)
        }
        self._twin = twin

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Batch:
        return self.__getitems__([index])

    def __getitems__(self, wanted: Draw | Sequence[int]) -> Batch:
        """Load the images of a draw, or of plain indices.

        Raises:
            ValueError: there is an augmentation or a twin but no `Draw` to seed it.
        """
        seed = wanted.seed if isinstance(wanted, Draw) else None
        if (self.augmentation is not None or self._twin is not None) and seed is None:
            raise ValueError("augmentation needs a seed: load by Draw, not by plain indices")
        with one_thread():
            return self._load(wanted.indices if isinstance(wanted, Draw) else tuple(wanted), seed)

    def _load(self, indices: tuple[int, ...], seed: int | None) -> Batch:
        count = len(indices)
        copies = 1 if self._twin is None else 2
        pixels = np.empty((copies * count, *self.image_size, 3), dtype=np.uint8)
        faults = self._fill(pixels[:count], indices)
        changed = {} if self._twin is None else self._copy(pixels[count:], indices, faults, seed)
        pending = None
        if self.augmentation is not None and seed is not None:
            pending = self._augment(pixels, count, self.augmentation, seed)
        kept = [slot for slot in range(count) if slot not in faults]
        slots = [start + slot for start in range(0, copies * count, count) for slot in kept]
        if faults:
            pixels = pixels[slots]
            pending = None if pending is None else pending.each(lambda tensor: tensor[slots])
        rows = torch.tensor([indices[slot] for slot in kept] * copies, dtype=torch.int64)
        return Batch(
            images=torch.from_numpy(pixels).permute(0, 3, 1, 2),
            pids=self._pids[rows],
            camids=self._camids[rows],
            indices=rows,
            labels=None if self._labels is None else self._labels[rows],
            targets=self._targets_of(rows, [changed.get(slot, {}) for slot in slots]),
            twins=None if self._twin is None else torch.arange(len(rows)) >= len(kept),
            unreadable=tuple((indices[slot], reason) for slot, reason in faults.items()),
            pending=pending,
        )

    def _targets_of(self, rows: Tensor, changed: Sequence[Mapping[str, int]]) -> dict[str, Tensor]:
        targets = {name: values[rows] for name, values in self._targets.items()}
        for place, labels in enumerate(changed):
            for name, label in labels.items():
                targets[name][place] = label
        return targets

    def _copy(
        self,
        pixels: np.ndarray,
        indices: Sequence[int],
        faults: dict[int, str],
        seed: int | None,
    ) -> dict[int, Mapping[str, int]]:
        """Fill the slots with changed copies; return the targets that changed, by their slots."""
        changed: dict[int, Mapping[str, int]] = {}
        twin = self._twin
        # Image by image: each has its own size, and its masks in files of their own.
        for slot, index in enumerate(indices):
            image = faults.get(slot) or self._read(index, whole=True)
            if twin is None or isinstance(image, str):
                continue
            generator = np.random.default_rng((seed or 0, _TWINS, slot))
            made = twin.make(image, index, generator=generator)
            resize(made.image, self.image_size, out=pixels[slot])
            changed[len(indices) + slot] = made.targets
        return changed

    def seconds_per_image(self, sample: int = 16) -> float:
        """How long a core takes to load an image, not augmented, as measured on some of them."""
        rows = np.unique(np.linspace(0, len(self) - 1, sample).astype(np.int64)).tolist()
        pixels = np.empty((len(rows), *self.image_size, 3), dtype=np.uint8)
        with one_thread():
            # The first one pays for what is imported.
            self._fill(pixels[:1], rows[:1])
            started = time.perf_counter()
            self._fill(pixels, rows)
        return (time.perf_counter() - started) / len(rows)

    def _fill(self, pixels: np.ndarray, indices: Sequence[int]) -> dict[int, str]:
        """Decode and resize into the slots of `pixels`; return the slots that failed, and why."""
        faults: dict[int, str] = {}
        # File by file: each has its own size and decoder state.
        for slot, index in enumerate(indices):
            image = self._read(index)
            if isinstance(image, str):
                faults[slot] = image
            else:
                resize(image, self.image_size, out=pixels[slot])
        return faults

    def _read(self, index: int, *, whole: bool = False) -> Pixels | str:
        """Decode one image, at a lower resolution where that is faster and serves unless whole."""
        enough = None if whole else self.image_size
        if self._packed is None:
            return try_read(self.files[index], at_least=enough)
        try:
            data = self._packed.read(index)
        except OSError as error:
            return str(error)
        return try_decode(data, at_least=enough)

    def _augment(
        self, pixels: np.ndarray, count: int, augmentation: Augmentation, seed: int
    ) -> PendingAugmentation | None:
        """Augment the images in place, or return what is to be done to them on the device."""
        plans, colours = self._plan(count, augmentation, np.random.default_rng(seed))
        if self._twin is not None:
            more = plans, colours
            if not self._twin.aligned:
                more = self._plan(count, augmentation, np.random.default_rng((seed, _TWINS)))
            plans = plans + more[0]
            colours = None if colours is None else torch.cat([colours, more[1]])  # type: ignore[list-item]
        if self.on_device:
            return PendingAugmentation(stack_plans(plans), augmentation.fill, colours)
        if colours is not None:
            planes = torch.from_numpy(pixels).permute(0, 3, 1, 2)
            planes.copy_(jitter_colours(planes, colours))
        # Image by image: each moves by its own offset, which no batched copy can do as fast here.
        for image, plan in zip(pixels, plans, strict=True):
            augmentation.apply(image.copy(), plan, out=image)
        return None

    def _plan(
        self, count: int, augmentation: Augmentation, generator: np.random.Generator
    ) -> tuple[list[Plan], Tensor | None]:
        plans = augmentation.plan(count, self.image_size, generator=generator)
        jitter = augmentation.jitter
        if jitter is None:
            return plans, None
        return plans, torch.from_numpy(jitter.draw(count, generator=generator))
