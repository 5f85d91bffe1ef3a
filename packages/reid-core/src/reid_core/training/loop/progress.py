"""What a person sees of a running training."""

# ruff: noqa: ARG002 - Lightning gives its hooks their signatures
from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from reid_core.training.data.streams import images_in_epoch, images_of
from reid_data.console import Advance, note

__all__ = ["Progress", "TrainingProgress"]

Progress = Callable[[str, int | None], AbstractContextManager[Advance]]
"""Opens a progress bar with a description and a total, such as `reid_data.console.progress`."""


class TrainingProgress(Callback):
    """One bar over all images of the training, and a line for every epoch.

    Args:
        progress: opens the bar.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._open = ExitStack()
        self._advance: Advance = lambda _: None
        self._validated = -1

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Open the bar over what is left to do."""
        if trainer.is_global_zero:
            epochs = (trainer.max_epochs or 0) - trainer.current_epoch
            loader: Any = trainer.train_dataloader
            total = epochs * images_in_epoch(loader) * trainer.world_size
            self._advance = self._open.enter_context(self._progress("training", total))

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Move the bar."""
        self._advance(images_of(batch) * trainer.world_size)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Remember that this epoch has retrieval figures."""
        self._validated = trainer.current_epoch

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Say how the epoch went."""
        if not trainer.is_global_zero:
            return
        values = {name: float(value) for name, value in trainer.callback_metrics.items()}
        epoch, width = trainer.current_epoch, len(str(trainer.max_epochs))
        parts = [f"epoch {epoch + 1:>{width}}/{trainer.max_epochs}", f"loss {values['loss']:.3f}"]
        if self._validated == epoch:
            parts += [f"mAP {values['mAP']:.3f}", f"Rank-1 {values['Rank-1']:.3f}"]
        note("   ".join(parts))

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Close the bar before anything is said about the error."""
        self._open.close()

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Close the bar."""
        self._open.close()
