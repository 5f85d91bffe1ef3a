"""Stop a training whose loss is no number any more, with the images that did it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from reid_core.training.data.streams import Stream

__all__ = ["DivergedError", "FiniteGuard"]


class DivergedError(ValueError):
    """The loss of a batch is infinite or not a number.

    Attributes:
        paths: the images of the batch, where they are known.
    """

    def __init__(self, message: str, paths: Sequence[str]) -> None:
        super().__init__(message)
        self.paths = tuple(paths)


class FiniteGuard:
    """Looks at every loss, a step late: so a GPU's queue never runs empty while one waits for it.

    Args:
        paths: of the training images of each data set, by what its batches call their rows; none:
            unknown.
    """

    def __init__(self, paths: Mapping[Stream, Mapping[int, str]] | None = None) -> None:
        self._paths = dict(paths or {})
        self._pending: tuple[Tensor, Mapping[Stream, Tensor], str] | None = None

    def watch(self, loss: Tensor, rows: Mapping[Stream, Tensor], *, where: str) -> None:
        """Look at the loss before, and remember this one.

        Args:
            loss: a scalar.
            rows: what the batch of each data set calls its images, (B,).
            where: the batch in words, such as ``epoch 3, batch 7``.

        Raises:
            DivergedError: the loss before is no finite number.
        """
        self.settle()
        self._pending = (loss.detach(), rows, where)

    def settle(self) -> None:
        """Look at the last loss.

        Raises:
            DivergedError: it is no finite number.
        """
        pending, self._pending = self._pending, None
        if pending is None or bool(torch.isfinite(pending[0])):
            return
        loss, rows, where = pending
        paths = [
            self._paths[stream][row]
            for stream, images in rows.items()
            for row in sorted(set(images.tolist()))
            if row in self._paths.get(stream, {})
        ]
        listed = "".join(f"\n  {path}" for path in paths)
        raise DivergedError(
            f"the loss became {loss.item()} in {where}; try a lower optimizer.lr, "
            "optimizer.clip_norm=1 or compute.precision=fp32"
            + (f", or look at the images of this batch:{listed}" if paths else ""),
            paths,
        )
