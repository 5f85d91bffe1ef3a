"""VRIC: lists with vehicle and camera, and vehicles of two numberings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data import load_dataset
from reid_data.datasets.vric import TEST_PID_OFFSET

Folder = Callable[..., Path]


def test_the_same_number_is_two_vehicles(drawn: Folder) -> None:
    records = load_dataset("vric", drawn("vric"))
    assert set(records.split("train").pids) == {1, 2, 3, 4}
    for side in ("query", "gallery"):
        assert sorted(records.split(side).pids - TEST_PID_OFFSET) == [1, 2, 3]
    videos = records.table["sequence"] - 40_000
    assert videos.tolist() == records.camids.tolist()


def test_a_line_without_camera_is_told(copied: Folder) -> None:
    root = copied("vric")
    (root / "vric_probe.txt").write_text("MVI_39031_2_img00011.jpg 1\n")
    with pytest.raises(ValueError, match=r"vric_probe.txt, line 1: .* vehicle, camera"):
        load_dataset("vric", root)
