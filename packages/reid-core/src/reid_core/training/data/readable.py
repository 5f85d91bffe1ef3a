"""Training data of which every image can be read."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np

from reid_core.training.data.split import TrainingData
from reid_core.training.loop.progress import Progress
from reid_data import Records, UnreadableImagesError, find_unreadable
from reid_data.workers import WorkerCount

__all__ = ["readable"]

_log = logging.getLogger(__name__)


def readable(
    data: TrainingData, *, skip: bool, workers: WorkerCount, progress: Progress
) -> TrainingData:
    """The data without images that cannot be read.

    Args:
        data: what to learn from and what to validate on.
        skip: leave such images out and say how many.
        workers: threads that read.
        progress: opens a progress bar.

    Raises:
        UnreadableImagesError: there are some and they may not be left out; lists them all.
    """
    parts = [part for part in (data.train, data.validation, data.second) if part is not None]
    found = []
    with progress("checking", sum(map(len, parts))) as advance:
        for part in parts:
            found += find_unreadable(part, workers=workers, advance=advance)
    if not found:
        return data
    if not skip:
        raise UnreadableImagesError(found)
    _log.warning("%d unreadable images left out", len(found))
    bad = {unreadable.path for unreadable in found}

    def kept(part: Records) -> Records:
        return part.take(np.array([path not in bad for path in part.paths]))

    return replace(
        data,
        train=kept(data.train),
        validation=None if data.validation is None else kept(data.validation),
        second=None if data.second is None else kept(data.second),
    )
