"""Logs with one entry an epoch, that a resumed training continues."""

# ruff: noqa: ARG002 - Lightning gives its hooks their signatures
from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from lightning.fabric.loggers.logger import rank_zero_experiment
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.loggers.logger import Logger
from lightning.pytorch.utilities import rank_zero_only

from reid_data.files import replacing

__all__ = ["EpochTable", "EpochTensorBoard"]


class EpochTable(Logger):
    """A CSV file with one row an epoch, counted from 1, whole after every epoch.

    Lightning's own CSV logger starts anew when a training is resumed and gives training and
    validation of an epoch separate rows.

    Args:
        path: the file; rows already in it are kept until their epoch is logged again.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._rows: dict[int, dict[str, Any]] | None = None

    @property
    def name(self) -> str:
        """Lightning's name for the log: the file's stem."""
        return self._path.stem

    @property
    def version(self) -> str:
        """Lightning's version of the log: there is one only."""
        return ""

    @property
    @rank_zero_experiment
    def experiment(self) -> None:
        """Nothing to open: the file is written whole."""

    @rank_zero_only
    def log_hyperparams(self, *args: Any, **kwargs: Any) -> None:
        """Ignored: the recipe lies beside the log."""

    @rank_zero_only
    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Add values to the row of their epoch and drop what a lost run wrote after it."""
        if self._rows is None:
            self._rows = _read(self._path)
        values = dict(metrics)
        epoch = int(values.pop("epoch")) + 1
        self._rows = {known: row for known, row in self._rows.items() if known <= epoch}
        # Nine digits carry a float32 without loss.
        self._rows.setdefault(epoch, {}).update({k: f"{v:.9g}" for k, v in values.items()})
        names = dict.fromkeys(name for row in self._rows.values() for name in row)
        columns = sorted(names, key=lambda name: not name.startswith("loss"))
        with replacing(self._path) as temporary, temporary.open("w", newline="") as file:
            table = csv.DictWriter(file, fieldnames=["epoch", *columns])
            table.writeheader()
            table.writerows({"epoch": known, **row} for known, row in self._rows.items())


class EpochTensorBoard(TensorBoardLogger):
    """TensorBoard with the epoch, counted from 1, on the horizontal axis.

    Args:
        folder: where the event files go.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder.parent, name=folder.name, version="")

    @rank_zero_only
    def log_metrics(self, metrics: Any, step: int | None = None) -> None:
        """Write the values of one epoch."""
        values = dict(metrics)
        epoch = int(values.pop("epoch")) + 1
        super().log_metrics(values, step=epoch)


def _read(path: Path) -> dict[int, dict[str, Any]]:
    if not path.is_file():
        return {}
    with path.open(newline="") as file:
        rows = [dict(row) for row in csv.DictReader(file)]
    return {int(row.pop("epoch")): {k: v for k, v in row.items() if v} for row in rows}
