"""What a generator learns from, and what is held out to measure it on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from lightning.pytorch import LightningDataModule
from torch.utils.data import DataLoader

from reid_data.records import Ids
from reid_data.shuffling import ShuffledBatches
from reid_gen.generation.pair_loading import PairBatch, pair_loader
from reid_gen.generation.posed import PosedImages, find_pairs
from reid_gen.generation.recipe import GanRecipe

__all__ = ["Lessons", "PairLoaders", "divide"]

_SHOWN = 8
"""Pairs in a picture."""


@dataclass(frozen=True, eq=False)
class Lessons:
    """Pairs to learn from, and pairs of other people.

    Attributes:
        images: of all pairs.
        pairs: rows (P, 2) of source and target.
        held_out: rows (Q, 2) of people who are in no pair to learn from.
        fingerprint: digest of images, keypoints and pairs.
    """

    images: PosedImages
    pairs: Ids
    held_out: Ids
    fingerprint: str

    def shown(self) -> PairBatch | None:
        """Held-out pairs for the pictures; none where nobody is held out."""
        if not len(self.held_out):
            return None
        spread = np.linspace(0, len(self.held_out) - 1, _SHOWN).astype(np.int64)
        pairs = self.held_out[np.unique(spread)]
        batch: PairBatch = next(iter(pair_loader(self.images, pairs, batch_size=_SHOWN)))
        return batch


def divide(recipe: GanRecipe, images: PosedImages, pairs: Ids | None, *, seed: int) -> Lessons:
    """Hold people out; pairs of theirs are measured, not learnt from.

    Args:
        recipe: which pairs, if none are given, and how many people.
        images: of all pairs.
        pairs: rows (P, 2) of source and target; none: the recipe's kind of all pairs.
        seed: of the people, and of the pairs measured.

    Raises:
        ValueError: there are no pairs, or nobody can be held out.
    """
    data, digest = recipe.data, _fingerprint(images, pairs)
    if pairs is None:
        pairs = find_pairs(images, kind=data.pairs)
    if not data.val_identities:
        return Lessons(images, pairs, np.empty((0, 2), np.int64), digest)
    pids = images.records.pids
    people = np.unique(pids[pairs[:, 0]])
    if len(people) < 2:
        raise ValueError(
            f"pairs are of {len(people)} people, so none can be held out; set data.val_identities=0"
        )
    generator = np.random.default_rng((seed, 1))
    count = min(max(1, round(data.val_identities * len(people))), len(people) - 1)
    out = np.isin(pids, generator.permutation(people)[:count])
    touched = out[pairs].any(axis=1)
    theirs = pairs[touched]
    kept = np.sort(generator.permutation(len(theirs))[: data.val_pairs])
    return Lessons(images, pairs[~touched], theirs[kept], digest)


class PairLoaders(LightningDataModule):
    """Random training pairs of this process, and all held-out pairs.

    Args:
        lessons: what there is.
        recipe: how much of it at once.
        seed: of pairs and mirroring.
        workers: loader processes of each training process.
    """

    def __init__(self, lessons: Lessons, recipe: GanRecipe, *, seed: int, workers: int) -> None:
        super().__init__()
        self._lessons, self._data = lessons, recipe.data
        self._seed, self._workers = seed, workers

    def batches(self, *, rank: int = 0, world_size: int = 1) -> ShuffledBatches:
        """The training batches of a process.

        Raises:
            ValueError: an epoch would have none.
        """
        return ShuffledBatches(
            len(self._lessons.pairs),
            per_epoch=self._data.pairs_per_epoch,
            batch_size=self._data.batch_size,
            seed=self._seed,
            rank=rank,
            world_size=world_size,
        )

    def train_dataloader(self) -> DataLoader[PairBatch]:
        """From the epoch at which the training stands."""
        trainer: Any = self.trainer
        batches = self.batches(rank=trainer.global_rank, world_size=trainer.world_size)
        batches.set_epoch(trainer.fit_loop.epoch_progress.current.processed)
        return pair_loader(
            self._lessons.images,
            self._lessons.pairs,
            batches=batches,
            flip=self._data.flip,
            workers=self._workers,
        )

    def val_dataloader(self) -> list[DataLoader[PairBatch]]:
        """All held-out pairs, in every process."""
        if not len(self._lessons.held_out):
            return []
        pairs, size = self._lessons.held_out, self._data.batch_size
        return [pair_loader(self._lessons.images, pairs, batch_size=size)]


def _fingerprint(images: PosedImages, pairs: Ids | None) -> str:
    digest = hashlib.sha256("\n".join(images.records.table["path"]).encode())
    digest.update(images.joints.tobytes())
    digest.update(b"" if pairs is None else pairs.tobytes())
    return digest.hexdigest()[:16]
