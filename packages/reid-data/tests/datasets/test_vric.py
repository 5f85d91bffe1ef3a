"""VRIC: lists with vehicle and camera, and vehicles of two numberings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from reid_data import load_dataset
from reid_data.datasets.vric import TEST_PID_OFFSET

Write = Callable[..., Path]


def test_the_lists_become_splits(tmp_path: Path, write_image: Write, layouts: ModuleType) -> None:
    records = load_dataset("vric", layouts.vric(tmp_path, write_image))
    train = records.split("train").table[["pid", "camid", "sequence", "frame"]]
    assert train.to_numpy().tolist() == [[1, 58, 40172, 2185], [1, 57, 40172, 1499]]
    assert records.split("query", "gallery").pids.tolist() == [TEST_PID_OFFSET + 1] * 2
    assert records.split("query", "gallery").camids.tolist() == [3, 4]


def test_a_line_without_camera_is_told(
    tmp_path: Path, write_image: Write, layouts: ModuleType
) -> None:
    root = layouts.vric(tmp_path, write_image)
    (root / "vric_probe.txt").write_text("MVI_39031_2_img00011.jpg 1\n")
    with pytest.raises(ValueError, match=r"vric_probe.txt, line 1: .* vehicle, camera"):
        load_dataset("vric", root)
