"""Batches of pairs: a person in one pose and in another, mirrored together or not at all."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from reid_data import ImageDataset, UnreadableImagesError
from reid_data.images import Unreadable
from reid_data.preprocess.poses import flip_joints
from reid_data.records import Ids
from reid_data.sampler import Draw
from reid_data.shuffling import ShuffledBatches
from reid_gen.generation.posed import PosedImages

__all__ = ["PairBatch", "PairImages", "pair_loader"]


@dataclass(frozen=True)
class PairBatch:
    """Pairs of one batch.

    Attributes:
        sources: uint8 (B, 3, H, W).
        targets: uint8 (B, 3, H, W).
        source_joints: float32 (B, 18, 2) on the canvas, NaN where missing.
        target_joints: float32 (B, 18, 2).
        pids: int64 (B,), of the source.
        rows: int64 (B,), which pairs these are.
    """

    sources: Tensor
    targets: Tensor
    source_joints: Tensor
    target_joints: Tensor
    pids: Tensor
    rows: Tensor

    def __len__(self) -> int:
        return len(self.rows)

    def to(self, device: torch.device) -> PairBatch:
        """The batch on another device."""
        moved = {item.name: getattr(self, item.name).to(device) for item in fields(self)}
        return PairBatch(**moved)


class PairImages(Dataset[PairBatch]):
    """Pairs as batches: several indices give one batch.

    Args:
        images: of which the pairs are.
        pairs: rows (P, 2) of source and target.
        flip: how often a pair is mirrored; the draw of a batch carries the seed.
    """

    def __init__(self, images: PosedImages, pairs: Ids, *, flip: float = 0.0) -> None:
        self._images, self._pairs, self._flip = images, pairs, flip
        self._pixels = ImageDataset(images.records, image_size=images.canvas)

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitems__(self, wanted: Draw | list[int]) -> PairBatch:
        """Load the pairs of a draw, or of plain indices, which are never mirrored.

        Raises:
            UnreadableImagesError: an image cannot be read.
        """
        indices = list(wanted.indices if isinstance(wanted, Draw) else wanted)
        rows = self._pairs[indices]
        seed = wanted.seed if isinstance(wanted, Draw) else 0
        share = self._flip if isinstance(wanted, Draw) else 0.0
        mirrored = np.random.default_rng(seed).random(len(rows)) < share
        sources, source_joints = self._side(rows[:, 0], mirrored)
        targets, target_joints = self._side(rows[:, 1], mirrored)
        pids = torch.from_numpy(self._images.records.pids[rows[:, 0]].copy())
        where = torch.tensor(indices, dtype=torch.int64)
        return PairBatch(sources, targets, source_joints, target_joints, pids, where)

    def _side(self, rows: Ids, mirrored: np.ndarray) -> tuple[Tensor, Tensor]:
        batch = self._pixels.__getitems__(rows.tolist())
        if batch.unreadable:
            raise UnreadableImagesError(
                [Unreadable(self._images.records.paths[at], why) for at, why in batch.unreadable]
            )
        joints = self._images.joints[rows]
        width = self._images.canvas[1]
        turned = flip_joints(joints[mirrored].astype(np.float64), width=width, layout="openpose18")
        joints[mirrored] = turned.astype(np.float32)
        chosen = torch.from_numpy(mirrored)[:, None, None, None]
        pixels = torch.where(chosen, batch.images.flip(3), batch.images)
        return pixels.contiguous(), torch.from_numpy(joints)


def pair_loader(
    images: PosedImages,
    pairs: Ids,
    *,
    batches: ShuffledBatches | None = None,
    batch_size: int = 32,
    flip: float = 0.0,
    workers: int = 0,
) -> DataLoader[PairBatch]:
    """Batches of pairs, drawn, or else all of them in their order.

    Args:
        images: of which the pairs are.
        pairs: rows (P, 2) of source and target.
        batches: which pairs come together.
        batch_size: where nothing is drawn.
        flip: how often a drawn pair is mirrored.
        workers: loader processes.
    """
    shared: dict[str, Any] = {"num_workers": workers, "persistent_workers": workers > 0}
    shared |= {"collate_fn": _as_it_is, "generator": torch.Generator().manual_seed(0)}
    data = PairImages(images, pairs, flip=flip)
    if batches is None:
        return DataLoader(data, batch_size=batch_size, **shared)
    # It yields what the data set takes.
    return DataLoader(data, batch_sampler=batches, **shared)  # type: ignore[arg-type]


def _as_it_is(batch: Any) -> Any:
    return batch
