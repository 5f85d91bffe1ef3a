"""VIPeR: halves drawn at random, and either camera asks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from reid_data import load_dataset

Write = Callable[..., Path]


def test_halves_and_cameras(tmp_path: Path, write_image: Write, layouts: ModuleType) -> None:
    root = layouts.viper(tmp_path, write_image)
    first, second = load_dataset("viper", root), load_dataset("viper:query=cam_b", root)
    assert first.split("query").camids.tolist() == [1, 1, 1]
    assert second.split("query").camids.tolist() == [2, 2, 2]
    assert first.split("query").pids.tolist() == second.split("gallery").pids.tolist()
    assert first.split("train").paths == second.split("train").paths
    assert len(first.split("train")) == 6
    assert first.table["angle"].max() == 225


def test_draws_return_and_differ(tmp_path: Path, write_image: Write, layouts: ModuleType) -> None:
    root = layouts.viper(tmp_path, write_image)
    draws = [load_dataset("viper", root, split=split).split("query").paths for split in range(8)]
    assert draws[3] == load_dataset("viper:split=3", root).split("query").paths
    assert len(set(map(tuple, draws))) > 3
