"""How fast a training is."""

# ruff: noqa: ARG002 - Lightning gives its hooks their signatures
from __future__ import annotations

import time
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from reid_core.training.data.streams import images_of

__all__ = ["Stopwatch"]


class Stopwatch(Callback):
    """Logs ``images_per_second`` of every epoch, loading included and validation left out."""

    def __init__(self) -> None:
        self._images = 0
        self._started = 0.0
        self._seconds = 0.0

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start."""
        self._images, self._seconds, self._started = 0, 0.0, time.perf_counter()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count."""
        self._images += images_of(batch) * trainer.world_size

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop before validation."""
        self._stop()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop, and log."""
        self._stop()
        pl_module.log("images_per_second", self._images / self._seconds)

    def _stop(self) -> None:
        self._seconds = self._seconds or time.perf_counter() - self._started
