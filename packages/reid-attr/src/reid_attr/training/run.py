"""The folder of a training, and what is kept in it."""

# ruff: noqa: ARG002 - Lightning gives its hooks their signatures
from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint

from reid_attr.models.checkpoint import save_attribute_model
from reid_attr.models.finetuning import count_parameters
from reid_attr.training.module import AttributeModule
from reid_attr.training.recipe import AttributeRecipe
from reid_core.training.folder.typed_runs import TypedRun
from reid_core.training.recipes.errors import validated
from reid_data.console import Advance, note

__all__ = ["AttributeKeeper", "AttributeRun", "AttributeTraining"]


@dataclass(frozen=True)
class AttributeTraining:
    """What a training left behind.

    Attributes:
        folder: checkpoint folder, for `reid_attr.load_attribute_model`, with the logs beside.
        epochs: epochs trained.
        best_epoch: epoch, counted from 1, whose network was kept.
        mA: its mean accuracy on the validation images.
        F1: its F1 there.
    """

    folder: Path
    epochs: int
    best_epoch: int
    mA: float  # noqa: N815 - the field's own name
    F1: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {**asdict(self), "folder": str(self.folder)}


@dataclass(frozen=True)
class AttributeRun(TypedRun):
    """Paths in the folder of a training, and its rules.

    ``model.safetensors`` and ``model.json`` are the network that was kept; ``recipe.yaml``,
    ``metrics.csv`` and ``division.csv`` tell how it came about; ``training/`` holds what only
    resuming needs.
    """

    @property
    def division(self) -> Path:
        """Which image was in which part."""
        return self.path / "division.csv"

    def load_recipe(self) -> AttributeRecipe:
        """The recipe of the run that was started here.

        Raises:
            ValueError: no run was started here.
        """
        self.read()
        return validated(AttributeRecipe, yaml.safe_load(self.recipe.read_text(encoding="utf-8")))

    def check_same(self, recipe: AttributeRecipe, *, seed: int, data: str) -> None:
        """Refuse to resume with anything but what the run was started with.

        Raises:
            ValueError: no run was started here, or recipe, seed or data differ.
        """
        about = self.read()
        if self.load_recipe() != recipe:
            raise ValueError(f"{self.path} was started with another recipe; see {self.recipe}")
        for key, now in (("seed", seed), ("data", data)):
            if about[key] != now:
                raise ValueError(f"{self.path} was started with {key} {about[key]}, came {now}")


class AttributeKeeper(Checkpoint):
    """Keeps the network of the best mA, and after every epoch the state to resume from.

    Args:
        run: where to.
        softmax: whether groups that exclude are decoded by softmax.
        metadata: what goes into ``model.json``.
        begin: writes down what is trained.
        advance: told how many images were learnt from.
    """

    def __init__(
        self,
        run: AttributeRun,
        *,
        softmax: bool,
        metadata: dict[str, Any],
        begin: Callable[[], None],
        advance: Advance,
    ) -> None:
        self._run, self._softmax, self._metadata = run, softmax, metadata
        self._begin, self._advance = begin, advance
        self._best: dict[str, Any] = {"best_epoch": 0, "mA": -1.0, "F1": 0.0}
        self._epochs = 0

    @property
    def result(self) -> AttributeTraining:
        """The result so far."""
        return AttributeTraining(self._run.path, self._epochs, **self._best)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Claim the folder, and say what learns."""
        if trainer.is_global_zero:
            self._begin()
            if isinstance(pl_module, AttributeModule):
                for count in count_parameters(pl_module.model):
                    few = f"{count.trainable:,} of {count.parameters:,}"
                    note(f"{count.part}: {few} parameters learn")

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Move the progress bar."""
        self._advance(len(batch) * trainer.world_size)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Keep the network if it is the best yet."""
        accuracy = float(trainer.callback_metrics["mA"])
        if accuracy <= self._best["mA"]:
            return
        measured = float(trainer.callback_metrics["F1"])
        self._best = {"best_epoch": trainer.current_epoch + 1, "mA": accuracy, "F1": measured}
        if trainer.is_global_zero and isinstance(pl_module, AttributeModule):
            save_attribute_model(
                pl_module.trained,
                self._run.path,
                thresholds=pl_module.thresholds,
                softmax=self._softmax,
                metadata={**self._metadata, "validation": self._best},
            )

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save the state, and say how the epoch went."""
        self._epochs = trainer.current_epoch + 1
        trainer.save_checkpoint(self._run.state)
        if trainer.is_global_zero:
            values = {name: float(trainer.callback_metrics[name]) for name in ("loss", "mA", "F1")}
            figures = "   ".join(f"{name} {value:.4g}" for name, value in values.items())
            note(f"epoch {self._epochs}/{trainer.max_epochs}   {figures}")

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write down that the run is finished."""
        if trainer.is_global_zero:
            self._run.finish(self.result.to_dict())

    def state_dict(self) -> dict[str, Any]:
        """What resuming needs to know."""
        return {"best": self._best, "epochs": self._epochs}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the best so far."""
        self._best, self._epochs = state_dict["best"], state_dict["epochs"]
