"""The folder of a generator's training, and what is kept in it."""

# ruff: noqa: ARG002 - Lightning gives its hooks their signatures
from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint
from lightning.pytorch.loggers import TensorBoardLogger

from reid_core.training.folder.typed_runs import TypedRun
from reid_core.training.recipes.errors import validated
from reid_data.console import Advance, note
from reid_data.files import replacing
from reid_gen.generation.gan_engine import save_generator
from reid_gen.generation.gan_module import GanModule
from reid_gen.generation.grids import pair_grid, save_picture
from reid_gen.generation.pair_loading import PairBatch
from reid_gen.generation.recipe import GanRecipe

__all__ = ["GanKeeper", "GanRun", "GanTraining"]


@dataclass(frozen=True)
class GanTraining:
    """What a training left behind.

    Attributes:
        folder: for `reid_gen.generation.load_engine`, with logs and pictures beside.
        epochs: epochs trained.
        SSIM: mean over the held-out pairs, after the last epoch; none without any.
        L1: mean absolute difference of pixels in -1 .. 1 there.
    """

    folder: Path
    epochs: int
    SSIM: float | None = None
    L1: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {**asdict(self), "folder": str(self.folder)}


@dataclass(frozen=True)
class GanRun(TypedRun):
    """Paths in the folder of a training, and its rules.

    ``generator.safetensors`` and ``generator.json`` are the generator after the last finished
    epoch; ``recipe.yaml``, ``metrics.csv``, ``tensorboard/`` and ``grids/`` tell how it came about;
    ``training/`` holds what only resuming needs.
    """

    def grid(self, epoch: int) -> Path:
        """The picture of an epoch, counted from 1."""
        return self.path / "grids" / f"epoch_{epoch:04d}.png"

    @property
    def result(self) -> GanTraining | None:
        """The result, once the run is finished."""
        found = self.read().get("result")
        return None if found is None else GanTraining(**{**found, "folder": self.path})

    def check_same(self, recipe: GanRecipe, *, seed: int, data: str) -> None:
        """Refuse to resume with anything but what the run was started with.

        Raises:
            ValueError: no run was started here, or recipe, seed or data differ.
        """
        about = self.read()
        before = validated(GanRecipe, yaml.safe_load(self.recipe.read_text(encoding="utf-8")))
        if before != recipe:
            raise ValueError(f"{self.path} was started with another recipe; see {self.recipe}")
        if about["seed"] != seed:
            raise ValueError(f"{self.path} was started with --seed {about['seed']}, came {seed}")
        if about["data"] != data:
            raise ValueError(f"{self.path} was started with other images, keypoints or pairs")


class GanKeeper(Checkpoint):
    """After each epoch keeps the generator, a picture, and the state to resume from.

    Args:
        run: where to.
        recipe: of the training.
        metadata: what goes into ``generator.json``.
        begin: writes down what is trained.
        shown: held-out pairs for the pictures; none: no pictures.
        advance: told how many pairs were learnt from.
    """

    def __init__(
        self,
        run: GanRun,
        *,
        recipe: GanRecipe,
        metadata: dict[str, Any],
        begin: Callable[[], None],
        shown: PairBatch | None,
        advance: Advance,
    ) -> None:
        self._run, self._recipe, self._metadata = run, recipe, metadata
        self._begin, self._advance, self._shown = begin, advance, shown
        self._epochs = 0
        self._scores: dict[str, float] = {}

    @property
    def result(self) -> GanTraining:
        """The result so far."""
        return GanTraining(self._run.path, self._epochs, **self._scores)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Claim the folder."""
        if trainer.is_global_zero:
            self._begin()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Move the progress bar."""
        self._advance(len(batch) * trainer.world_size)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save the state, the generator and a picture, and say how the epoch went."""
        self._epochs = trainer.current_epoch + 1
        values = {name: float(value) for name, value in trainer.callback_metrics.items()}
        self._scores = {name: values[name] for name in ("SSIM", "L1") if name in values}
        if trainer.is_global_zero and isinstance(pl_module, GanModule):
            self._keep(trainer, pl_module)
            told = {name: values[name] for name in ("loss", "L1", "SSIM") if name in values}
            figures = "   ".join(f"{name} {value:.4g}" for name, value in told.items())
            note(f"epoch {self._epochs}/{trainer.max_epochs}   {figures}")
        trainer.save_checkpoint(self._run.state)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write down that the run is finished."""
        if trainer.is_global_zero:
            self._run.finish(self.result.to_dict())

    def state_dict(self) -> dict[str, Any]:
        """What resuming needs to know."""
        return {"epochs": self._epochs, "scores": self._scores}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the result so far."""
        self._epochs, self._scores = state_dict["epochs"], state_dict["scores"]

    def _keep(self, trainer: Trainer, module: GanModule) -> None:
        save_generator(
            module.trained,
            self._run.path,
            model=self._recipe.model,
            image_size=self._recipe.data.image_size,
            metadata={**self._metadata, "epoch": self._epochs, "held_out": self._scores},
        )
        last = self._epochs == trainer.max_epochs
        if self._shown is None or (self._epochs % self._recipe.grids_every and not last):
            return
        shown = self._shown.to(module.device)
        picture = pair_grid(shown, module.drawings(shown))
        with replacing(self._run.grid(self._epochs)) as temporary:
            save_picture(picture, str(temporary))
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                board: Any = logger.experiment
                board.add_image("held-out", picture, self._epochs, dataformats="HWC")
