"""The table of epochs."""

from __future__ import annotations

from pathlib import Path

from reid_core.training.folder.epoch_log import EpochTable


def test_training_and_validation_of_an_epoch_share_a_row(tmp_path: Path):
    path = tmp_path / "metrics.csv"
    table = EpochTable(path)
    table.log_metrics({"loss": 2.0, "epoch": 0})
    table.log_metrics({"mAP": 0.25, "epoch": 1})
    table.log_metrics({"loss": 1.5, "epoch": 1})
    assert path.read_text().splitlines() == ["epoch,loss,mAP", "1,2,", "2,1.5,0.25"]


def test_a_resumed_training_goes_on_and_drops_what_was_lost(tmp_path: Path):
    path = tmp_path / "metrics.csv"
    lost = EpochTable(path)
    for epoch in range(3):
        lost.log_metrics({"loss": float(epoch), "epoch": epoch})
    EpochTable(path).log_metrics({"loss": 7.0, "epoch": 1})
    assert path.read_text().splitlines() == ["epoch,loss", "1,0", "2,7"]


def test_figures_keep_all_digits_of_a_float32(tmp_path: Path):
    path = tmp_path / "metrics.csv"
    value = 1.9655900001525879
    EpochTable(path).log_metrics({"loss": value, "epoch": 0})
    import numpy as np

    assert np.float32(path.read_text().splitlines()[1].split(",")[1]) == np.float32(value)
