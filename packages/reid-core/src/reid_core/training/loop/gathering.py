"""One output and one batch from those of all processes, so that mining sees everybody."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import torch
from torch import Tensor

from reid_core.losses.gather import gather_rows
from reid_core.models import ReidOutput
from reid_data import Batch

__all__ = ["gathered_batch", "gathered_output", "processes"]

_MAPS = ("feature_map", "attention")


def processes() -> int:
    """How many processes train together; 1 outside a distributed run."""
    distributed = torch.distributed
    if not (distributed.is_available() and distributed.is_initialized()):
        return 1
    return distributed.get_world_size()


def gathered_output(output: ReidOutput) -> ReidOutput:
    """The rows of all processes, by rank; the same on each process.

    Backward, every process sums up what all of them derived for its rows. Where each computes the
    same loss and gradients of weights are then averaged, as DistributedDataParallel does, the
    result is the gradient of that one loss.

    Maps stay behind: their size would cost more than they are worth to a comparison of rows.
    """
    changes: dict[str, Any] = dict.fromkeys(_MAPS)
    for field in fields(output):
        value = getattr(output, field.name)
        if field.name in _MAPS:
            continue
        if isinstance(value, Tensor):
            changes[field.name] = gather_rows(value)
        elif isinstance(value, tuple):
            changes[field.name] = tuple(gathered_output(branch) for branch in value)
    return replace(output, **changes)


def gathered_batch(batch: Batch) -> Batch:
    """What is known about the rows of all processes, by rank; the images stay behind."""
    return replace(
        batch,
        images=batch.images[:0],
        pids=gather_rows(batch.pids),
        camids=gather_rows(batch.camids),
        indices=gather_rows(batch.indices),
        labels=None if batch.labels is None else gather_rows(batch.labels),
        scales=None if batch.scales is None else gather_rows(batch.scales),
        mask=None,
        targets={name: gather_rows(labels) for name, labels in batch.targets.items()},
        twins=None if batch.twins is None else gather_rows(batch.twins.long()).bool(),
    )
