"""VIPeR: halves drawn at random, and either camera asks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reid_data import load_dataset

Folder = Callable[..., Path]


def test_halves_and_cameras(drawn: Folder) -> None:
    root = drawn("viper")
    first, second = load_dataset("viper", root), load_dataset("viper:query=cam_b", root)
    assert first.split("query").camids.tolist() == [1, 1, 1, 1]
    assert second.split("query").camids.tolist() == [2, 2, 2, 2]
    assert first.split("query").pids.tolist() == second.split("gallery").pids.tolist()
    assert first.split("train").paths == second.split("train").paths
    assert len(first.split("train")) == 6
    assert set(first.table["angle"]) <= {0, 45, 90, 135, 180}


def test_draws_return_and_differ(drawn: Folder) -> None:
    root = drawn("viper")
    draws = [load_dataset("viper", root, split=split).split("query").paths for split in range(8)]
    assert draws[3] == load_dataset("viper:split=3", root).split("query").paths
    assert len(set(map(tuple, draws))) > 3
