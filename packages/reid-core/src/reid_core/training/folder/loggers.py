"""Who hears of every epoch: the table, TensorBoard, and services by Lightning's own loggers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightning.pytorch.loggers.logger import Logger
from lightning.pytorch.utilities import rank_zero_only

from reid_core.training.folder.epoch_log import EpochTable, EpochTensorBoard
from reid_data.console import require

if TYPE_CHECKING:
    from reid_core.training.folder.run_folder import RunFolder
    from reid_core.training.recipes.sections import LoggingSection

__all__ = ["build_loggers", "require_loggers"]

_MODULES = {"wandb": "wandb", "mlflow": "mlflow"}


def require_loggers(wanted: LoggingSection) -> None:
    """Refuse, before anything is done, services whose client is not installed.

    Raises:
        MissingExtraError: with the command that installs it.
    """
    for name, module in _MODULES.items():
        if getattr(wanted, name) is not None:
            require(module, extra=f"reid-core[{name}]", for_what=f"logging.{name}")


def build_loggers(wanted: LoggingSection, folder: RunFolder) -> list[Logger]:
    """The loggers that a recipe asks for; ``metrics.csv`` is always among them.

    Raises:
        ValueError: a service refuses its arguments.
    """
    loggers: list[Logger] = [EpochTable(folder.metrics)]
    if wanted.tensorboard:
        loggers.append(EpochTensorBoard(folder.tensorboard))
    for name in _MODULES:
        options = getattr(wanted, name)
        if options is not None:
            try:
                loggers.append(_by_epoch(_service(name), _defaults(name, folder) | options))
            except TypeError as error:
                raise ValueError(f"recipe key logging.{name}: {error}") from error
    return loggers


def _service(name: str) -> type[Logger]:
    # Lightning imports the clients only when it makes a logger.
    from lightning.pytorch.loggers import MLFlowLogger, WandbLogger

    return WandbLogger if name == "wandb" else MLFlowLogger


def _defaults(name: str, folder: RunFolder) -> dict[str, Any]:
    """Everything below the run's own folder, under its name, if the user says nothing else."""
    if name == "wandb":
        return {"project": "reid-core", "name": folder.path.name, "save_dir": folder.path}
    place = {"save_dir": str(folder.path / "mlruns")}
    return {"experiment_name": "reid-core", "run_name": folder.path.name, **place}


def _by_epoch(service: type[Logger], options: dict[str, Any]) -> Logger:
    """The logger, with the epoch, counted from 1, on its horizontal axis."""

    class ByEpoch(service):  # type: ignore[misc,valid-type]
        @rank_zero_only
        def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
            values = dict(metrics)
            super().log_metrics(values, int(values.pop("epoch", step or 0)) + 1)

    made: Logger = ByEpoch(**options)
    return made
