"""Batches of P identities with K images each, reshuffled every epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch.utils.data import Sampler

__all__ = ["Draw", "PKSampler"]

_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Draw:
    """One batch: which images, and the seed of everything random that is done to them.

    Attributes:
        indices: rows of the records, those of one identity beside each other.
        seed: differs from batch to batch and from epoch to epoch.
    """

    indices: tuple[int, ...]
    seed: int

    def __len__(self) -> int:
        return len(self.indices)


class PKSampler(Sampler[Draw]):
    """Identity-balanced batches: P different identities, K images of each.

    An epoch shows every image at least once. The images of an identity are shuffled and dealt in
    groups of K; where they run out, dealing goes on from the first, so a group repeats an image
    only if its identity has fewer than K. The groups are spread over the batches at random so that
    no identity is twice in one; where the count does not come out even, further groups of random
    identities fill up. If one identity has more groups than all the others can accompany, the
    epoch is as long as that identity needs.

    The order depends on the seed and the epoch alone. All ranks deal the same groups and take turns
    in taking batches: as many on each rank, and no group on two.

    Args:
        pids: identity (or training label) of each image, ``(N,)``; images with a negative one, such
            as the outliers of a clustering, come in no batch.
        identities_per_batch: P.
        images_per_identity: K.
        seed: of the order and, through `Draw.seed`, of the augmentation.
        rank: which of `world_size` processes this is.
        world_size: number of processes that share the epoch.

    Raises:
        ValueError: there are fewer than P identities, or an argument is out of range.

    Examples:
        >>> pids = [7, 7, 8, 8, 9]
        >>> draws = PKSampler(pids, identities_per_batch=3, images_per_identity=2, seed=0)
        >>> [sorted(draw.indices) for draw in draws]
        [[0, 1, 2, 3, 4, 4]]
    """

    def __init__(
        self,
        pids: Sequence[int] | npt.NDArray[np.integer],
        *,
        identities_per_batch: int,
        images_per_identity: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        if identities_per_batch < 1 or images_per_identity < 1:
            raise ValueError(
                "identities_per_batch and images_per_identity must be 1 or more, came "
                f"{identities_per_batch} and {images_per_identity}"
            )
        if not 0 <= rank < world_size:
            raise ValueError(
                f"rank must be from 0 to world_size - 1 = {world_size - 1}, came {rank}"
            )
        if seed < 0:
            raise ValueError(f"seed must be 0 or more, came {seed}")
        everyone = np.asarray(pids)
        self._rows: _Ints = np.flatnonzero(everyone >= 0)
        _, inverse, counts = np.unique(
            everyone[self._rows], return_inverse=True, return_counts=True
        )
        if len(counts) < identities_per_batch:
            raise ValueError(
                f"a batch needs {identities_per_batch} different identities, the records have "
                f"{len(counts)}; lower identities_per_batch or add data"
            )
        self.identities_per_batch = identities_per_batch
        self.images_per_identity = images_per_identity
        self.seed = seed
        self.rank = rank
        self.world_size = world_size
        self.epoch = 0
        self._labels: _Ints = inverse.reshape(-1).astype(np.int64)
        self._counts: _Ints = counts.astype(np.int64)
        self._groups = -(-self._counts // images_per_identity)
        needed = max(-(-int(self._groups.sum()) // identities_per_batch), int(self._groups.max()))
        self._length = -(-needed // world_size)

    def __len__(self) -> int:
        """Batches in an epoch, on each rank."""
        return self._length

    @property
    def sampler(self) -> PKSampler:
        """Itself: Lightning looks here for `set_epoch`, at ``loader.batch_sampler.sampler``."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next pass; without it, every pass is the same."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[Draw]:
        generator = np.random.default_rng((self.seed, self.epoch))
        batches = self._length * self.world_size
        groups = _fill_up(
            self._groups, batches, batches * self.identities_per_batch, generator=generator
        )
        order = generator.permutation(len(groups))
        identity = np.repeat(order, groups[order])
        slots = _spread(identity, batches, generator=generator)
        images = self._deal(identity, groups[order], generator=generator)[slots]
        seeds = generator.integers(0, 2**63, batches)
        for batch in range(self.rank, batches, self.world_size):
            yield Draw(tuple(images[batch].reshape(-1).tolist()), int(seeds[batch]))

    def _deal(self, identity: _Ints, groups: _Ints, *, generator: np.random.Generator) -> _Ints:
        """Rows of each group, ``(groups, K)``."""
        shuffled = self._rows[np.lexsort((generator.random(len(self._labels)), self._labels))]
        start = np.cumsum(self._counts) - self._counts
        turn = np.arange(len(identity)) - np.repeat(np.cumsum(groups) - groups, groups)
        dealt = turn[:, None] * self.images_per_identity + np.arange(self.images_per_identity)
        return shuffled[start[identity][:, None] + dealt % self._counts[identity][:, None]]


def _fill_up(groups: _Ints, batches: int, total: int, *, generator: np.random.Generator) -> _Ints:
    """Give random identities more groups until there are `total`, none more than `batches`."""
    filled = groups.copy()
    while (missing := total - int(filled.sum())) > 0:
        open_to_more = generator.permutation(np.flatnonzero(filled < batches))
        filled[open_to_more[:missing]] += 1
    return filled


def _spread(identity: _Ints, batches: int, *, generator: np.random.Generator) -> _Ints:
    """Deal groups to batches, each identity at most once to a batch.

    Groups of an identity stand beside each other, at most one for each batch. Laid out in rows as
    long as there are batches, each row gives one group to every batch, in an order of its own. Only
    the identity that a row shares with the one before could come twice to a batch, so its groups
    choose first, among the batches that it has not visited.

    Args:
        identity: identity of each group, ``(P * batches,)``, equal ones beside each other.
        batches: number of batches.
        generator: where the randomness comes from.

    Returns:
        Which group is where, ``(batches, P)``.
    """
    rows = identity.reshape(-1, batches)
    slots = np.empty((batches, len(rows)), dtype=np.int64)
    visited = np.empty(0, dtype=np.int64)
    previous = -1
    for row, identities in enumerate(rows):
        places = generator.permutation(batches)
        if identities[0] == previous:
            # The shared identity leads this row: move the batches that it knows to the back.
            known = np.isin(places, visited)
            shared = int((identities == previous).sum())
            fresh = places[~known]
            rest = generator.permutation(np.concatenate([fresh[shared:], places[known]]))
            places = np.concatenate([fresh[:shared], rest])
        slots[places, row] = row * batches + np.arange(batches)
        visited = places[identities == identities[-1]]
        previous = int(identities[-1])
    return slots
