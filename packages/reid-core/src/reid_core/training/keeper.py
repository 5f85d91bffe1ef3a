"""What a training keeps: the best network, and after every epoch the state to resume from."""

# ruff: noqa: ARG002 - Lightning gives its hooks their signatures
from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint

from reid_core.models import save_model
from reid_core.training.module import ReidModule
from reid_core.training.run_folder import RunFolder, TrainingResult

__all__ = ["Keeper"]


class Keeper(Checkpoint):
    """Writes the network whenever validation improves, and resumable state after each epoch.

    The last epoch is always validated. Without validation, each epoch's network replaces the last.

    Args:
        folder: where to.
        metadata: what goes into ``model.json``.
        begin: claims the folder, once all processes have looked at it.
    """

    def __init__(
        self, folder: RunFolder, *, metadata: Mapping[str, Any], begin: Callable[[], None]
    ) -> None:
        self._folder = folder
        self._metadata = metadata
        self._begin = begin
        self._best: dict[str, Any] = {"best_epoch": 0, "mAP": None, "rank1": None}
        self._speeds: list[float] = []

    @property
    def result(self) -> TrainingResult:
        """The result so far."""
        speed = statistics.median(self._speeds) if self._speeds else None
        return TrainingResult(
            self._folder.path, len(self._speeds), **self._best, images_per_second=speed
        )

    def keep_untrained(self, module: ReidModule) -> None:
        """Write the network as it is, as the result of a training of no epochs."""
        self._begin()
        self._save(module)
        self._folder.finish(self.result)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Claim the folder."""
        if trainer.is_global_zero:
            self._begin()

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Let the last epoch be validated, whatever the interval."""
        if trainer.current_epoch + 1 == trainer.max_epochs:
            trainer.check_val_every_n_epoch = 1

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Keep the network if it is the best yet."""
        values = {name: float(trainer.callback_metrics[name]) for name in ("mAP", "Rank-1")}
        if self._best["mAP"] is None or values["mAP"] > self._best["mAP"]:
            self._keep(trainer, pl_module, values)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save the state; every process takes part."""
        self._speeds.append(float(trainer.callback_metrics["images_per_second"]))
        if not trainer.enable_validation:
            self._keep(trainer, pl_module, {})
        trainer.save_checkpoint(self._folder.state)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write down that the run is finished."""
        if trainer.is_global_zero:
            self._folder.finish(self.result)

    def state_dict(self) -> dict[str, Any]:
        """What resuming needs to know."""
        return {"best": self._best, "speeds": self._speeds}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the best so far."""
        self._best, self._speeds = state_dict["best"], state_dict["speeds"]

    def _keep(self, trainer: Trainer, module: LightningModule, values: Mapping[str, float]) -> None:
        self._best = {
            "best_epoch": trainer.current_epoch + 1,
            "mAP": values.get("mAP"),
            "rank1": values.get("Rank-1"),
        }
        if trainer.is_global_zero and isinstance(module, ReidModule):
            self._save(module)

    def _save(self, module: ReidModule) -> None:
        model, heads = module.trained
        metadata = {**self._metadata, "validation": self._best}
        save_model(model, self._folder.path, heads=heads, metadata=metadata)
