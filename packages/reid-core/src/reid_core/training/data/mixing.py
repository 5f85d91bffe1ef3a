"""The batches of two data sets as one, which the network sees at once."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import torch
from torch import Tensor

from reid_core.models import ReidOutput
from reid_data import Batch

__all__ = ["joined", "rows_of"]


def joined(first: Batch, second: Batch) -> Batch:
    """Both batches, one behind the other, on one device.

    What only one of them knows is unknown in the rows of the other: no further label (-1), not
    reduced (1), no copy.

    Raises:
        ValueError: only one of them has labels, or the images are of two sizes.
    """
    if first.images.shape[1:] != second.images.shape[1:]:
        came = f"{tuple(first.images.shape[1:])} and {tuple(second.images.shape[1:])}"
        raise ValueError(f"batches of one network are of one size, came {came}")
    if (first.labels is None) != (second.labels is None):
        raise ValueError("expected two batches with labels or two without, came one of each")
    sizes = len(first), len(second)
    names = dict.fromkeys([*first.targets, *second.targets])
    targets = {
        name: _both(first.targets.get(name), second.targets.get(name), -1, sizes) for name in names
    }
    return Batch(
        images=torch.cat([first.images, second.images]),
        pids=torch.cat([first.pids, second.pids]),
        camids=torch.cat([first.camids, second.camids]),
        indices=torch.cat([first.indices, second.indices]),
        labels=_both(first.labels, second.labels, -1, sizes),
        scales=_both(first.scales, second.scales, 1, sizes),
        mask=_both(first.mask, second.mask, 1, sizes),
        targets={name: values for name, values in targets.items() if values is not None},
        twins=_both(first.twins, second.twins, 0, sizes),
    )


def rows_of(output: ReidOutput, rows: slice) -> ReidOutput:
    """The output of some rows of a batch."""
    changes: dict[str, Any] = {}
    for field in fields(output):
        value = getattr(output, field.name)
        if isinstance(value, Tensor):
            changes[field.name] = value[rows]
        elif isinstance(value, tuple):
            changes[field.name] = tuple(rows_of(branch, rows) for branch in value)
    return replace(output, **changes)


def _both(
    first: Tensor | None, second: Tensor | None, missing: int, sizes: tuple[int, int]
) -> Tensor | None:
    """Values of both batches; what one of them lacks is ``missing`` in its rows."""
    like = second if first is None else first
    if like is None:
        return None
    absent = [like.new_full((size, *like.shape[1:]), missing) for size in sizes]
    return torch.cat(
        [absent[0] if first is None else first, absent[1] if second is None else second]
    )
