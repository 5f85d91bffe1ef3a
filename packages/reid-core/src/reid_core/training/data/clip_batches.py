"""Clips in the shape of the one training loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reid_data import Batch

if TYPE_CHECKING:
    from reid_data import ClipBatch

__all__ = ["as_batch"]


def as_batch(batch: Batch | ClipBatch) -> Batch:
    """A batch of clips as a `Batch` whose images are (B, T, 3, H, W); others as they are.

    Its ``indices`` are the numbers of the tracklets.
    """
    if isinstance(batch, Batch):
        return batch
    return Batch(
        images=batch.clips,
        pids=batch.pids,
        camids=batch.camids,
        indices=batch.tracklets,
        labels=batch.labels,
        mask=batch.mask,
        unreadable=batch.unreadable,
    )
