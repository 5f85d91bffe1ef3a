"""Batches of anything in random order, for any number of processes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reid_data.sampler import Draw

__all__ = ["ShuffledBatches"]


class ShuffledBatches:
    """So many items an epoch, none twice while there are others; each process its share.

    Order and randomness are those of seed and epoch. Items that fill no batch of all processes
    wait for another epoch.

    Args:
        items: how many there are.
        per_epoch: how many an epoch shows, over all processes; none: all.
        batch_size: of one process.
        seed: of the order, and of what is random in a batch.
        rank: which process this is.
        world_size: how many there are.

    Raises:
        ValueError: an epoch would have no batch.
    """

    def __init__(
        self,
        items: int,
        *,
        per_epoch: int | None = None,
        batch_size: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        shown = items if per_epoch is None else per_epoch
        self._items, self._batch_size, self._seed = items, batch_size, seed
        self._rank, self._world_size, self._epoch = rank, world_size, 0
        self._length = shown // (batch_size * world_size)
        if not self._length:
            raise ValueError(
                f"an epoch of {shown} fills no batch of {batch_size} for each of {world_size} "
                "processes; lower data.batch_size"
            )

    def __len__(self) -> int:
        """Batches of this process in an epoch."""
        return self._length

    @property
    def sampler(self) -> ShuffledBatches:
        """Itself: Lightning looks here for `set_epoch`."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next pass."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[Draw]:
        generator = np.random.default_rng((self._seed, self._epoch))
        count = self._length * self._world_size
        wanted = count * self._batch_size
        rounds = -(-wanted // self._items)
        order = np.concatenate([generator.permutation(self._items) for _ in range(rounds)])
        seeds = generator.integers(0, 2**63, count)
        batches = order[:wanted].reshape(count, self._batch_size)
        for at in range(self._rank, count, self._world_size):
            yield Draw(tuple(batches[at].tolist()), int(seeds[at]))
