"""Several batches for one step of the optimisers."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Share", "share_of"]


@dataclass(frozen=True)
class Share:
    """What one batch is of a step.

    Attributes:
        first: it begins the step, so old gradients go.
        last: it completes the step.
        factor: of its loss, so that the step follows the mean over its batches.
    """

    first: bool
    last: bool
    factor: float


def share_of(batch: int, *, batches: int, accumulate: int) -> Share:
    """Which part of a step a batch is; the step at the end of an epoch may have fewer batches.

    Args:
        batch: counted from 0 in its epoch.
        batches: of the epoch.
        accumulate: batches of a step.

    Examples:
        >>> share_of(3, batches=5, accumulate=3)
        Share(first=True, last=False, factor=0.5)
    """
    start = batch - batch % accumulate
    size = min(accumulate, batches - start)
    return Share(batch == start, batch == start + size - 1, 1 / size)
