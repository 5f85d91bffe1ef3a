"""What a training keeps: the best network, and after every epoch the state to resume from."""

# ruff: noqa: ARG002 - Lightning gives its hooks their signatures
from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint

from reid_core.models import save_model
from reid_core.training.folder.run_folder import RunFolder, TrainingResult
from reid_core.training.loop.module import ReidModule
from reid_core.training.loop.sharding import whole

__all__ = ["Keeper"]


class Keeper(Checkpoint):
    """Writes the network whenever validation improves, and resumable state after each epoch.

    The last epoch is always validated. Without validation, each epoch's network replaces the last.

    Args:
        folder: where to.
        metadata: what goes into ``model.json``.
        begin: claims the folder, once all processes have looked at it.
        every: epochs between validations.
        start_epoch: first epoch, from 0, after which to validate.
        patience: validations in a row without a better mAP after which to stop; none: never.
        keep_every: epochs between networks to keep beside the best; none: keep none.
        keep_last: keep the network of the last finished epoch too.
    """

    def __init__(
        self,
        folder: RunFolder,
        *,
        metadata: Mapping[str, Any],
        begin: Callable[[], None],
        every: int = 1,
        start_epoch: int = 0,
        patience: int | None = None,
        keep_every: int | None = None,
        keep_last: bool = False,
    ) -> None:
        self._folder = folder
        self._metadata = metadata
        self._begin = begin
        self._every, self._start_epoch, self._patience = every, start_epoch, patience
        self._keep_every, self._keep_last = keep_every, keep_last
        self._worse = 0
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
        self._folder.finish(self.result.to_dict())

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Claim the folder."""
        if trainer.is_global_zero:
            self._begin()

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Let the epochs be validated that should be, and the last one in any case."""
        epoch = trainer.current_epoch
        due = (epoch + 1) % self._every == 0 and epoch >= self._start_epoch
        last = epoch + 1 == trainer.max_epochs
        trainer.check_val_every_n_epoch = 1 if due or last else epoch + 2

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Keep the network if it is the best yet."""
        values = {name: float(trainer.callback_metrics[name]) for name in ("mAP", "Rank-1")}
        self._worse += 1
        if self._best["mAP"] is None or values["mAP"] > self._best["mAP"]:
            self._worse = 0
            self._keep(trainer, pl_module, values)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save the state; every process takes part."""
        self._speeds.append(float(trainer.callback_metrics["images_per_second"]))
        if not trainer.enable_validation:
            self._keep(trainer, pl_module, {})
        self._keep_besides(trainer, pl_module)
        trainer.save_checkpoint(self._folder.state)
        self._stop_if_lost(trainer)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """A resumed run may have lost patience already."""
        self._stop_if_lost(trainer)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write down that the run is finished."""
        if trainer.is_global_zero:
            self._folder.finish(self.result.to_dict())

    def state_dict(self) -> dict[str, Any]:
        """What resuming needs to know."""
        return {"best": self._best, "speeds": self._speeds, "worse": self._worse}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the best so far."""
        self._best, self._speeds = state_dict["best"], state_dict["speeds"]
        self._worse = state_dict["worse"]

    def _keep(self, trainer: Trainer, module: LightningModule, values: Mapping[str, float]) -> None:
        self._best = {
            "best_epoch": trainer.current_epoch + 1,
            "mAP": values.get("mAP"),
            "rank1": values.get("Rank-1"),
        }
        if isinstance(module, ReidModule):
            self._save(module, leads=trainer.is_global_zero)

    def _keep_besides(self, trainer: Trainer, module: LightningModule) -> None:
        if not isinstance(module, ReidModule):
            return
        epoch, names = trainer.current_epoch + 1, []
        if self._keep_every is not None and epoch % self._keep_every == 0:
            names.append(f"epoch_{epoch}")
        if self._keep_last:
            names.append("last")
        for name in names:
            folder = self._folder.checkpoints / name
            self._save(module, folder, {"epoch": epoch}, leads=trainer.is_global_zero)

    def _stop_if_lost(self, trainer: Trainer) -> None:
        if self._patience is not None and self._worse >= self._patience:
            trainer.should_stop = True

    def _save(
        self,
        module: ReidModule,
        folder: Path | None = None,
        about: Mapping[str, Any] | None = None,
        *,
        leads: bool = True,
    ) -> None:
        """Write a checkpoint folder, once every process has given its share of the weights."""
        model, heads = module.trained
        weights, heads = whole(model.state_dict()), whole(heads)
        if leads:
            metadata = {**self._metadata, **(about or {"validation": self._best})}
            place = folder or self._folder.path
            save_model(model, place, weights=weights, heads=heads, metadata=metadata)
