"""Clips in the shape of the one training loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reid_data import Batch, Records, tracklets_of

if TYPE_CHECKING:
    from reid_data import ClipBatch

__all__ = ["as_batch", "one_row_a_tracklet"]


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


def one_row_a_tracklet(records: Records) -> Records:
    """The first frame of each tracklet, by ascending number of the tracklets.

    Raises:
        ValueError: the records have no tracklets.
    """
    return records.take(np.array([rows[0] for rows in tracklets_of(records).rows]))
