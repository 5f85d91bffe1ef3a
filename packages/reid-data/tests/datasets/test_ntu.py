"""NTU's crops: actions in place of cameras, set-ups in place of outfits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from reid_data import load_dataset

Write = Callable[..., Path]


def test_actions_stand_for_cameras(tmp_path: Path, write_image: Write, layouts: ModuleType) -> None:
    root = layouts.ntu(tmp_path, write_image)
    columns = ["pid", "camid", "camera", "clothes_id", "action"]
    assert load_dataset("ntu", root).table[columns].to_numpy().tolist() == [
        [1, 1, 1, 1, 1],
        [1, 1, 1, 9, 1],
        [1, 1, 2, 1, 1],
        [1, 2, 3, 1, 2],
        [106, 60, 2, 17, 60],
    ]
    assert load_dataset("ntu:camid=camera", root).camids.tolist() == [1, 1, 2, 3, 2]


def test_a_published_list_chooses(tmp_path: Path, write_image: Write, layouts: ModuleType) -> None:
    root = layouts.ntu(tmp_path / "crops", write_image)
    subset = tmp_path / "subset.txt"
    subset.write_text(
        "/data/NTU/P001/A001/C001/S001C001P001R001A001_rgb.mp4\n\n"
        "P106\\A060\\C002\\S017C002P106R001A060_rgb.mp4 \n"
    )
    assert load_dataset("ntu", root, subset=subset).pids.tolist() == [1, 106]
    assert load_dataset(f"ntu:subset={subset}", root).pids.tolist() == [1, 106]
    with subset.open("a") as file:
        file.write("S001C001P007R001A001_rgb.mp4\n")
    with pytest.raises(ValueError, match=r"1 of 3 names in .* have no image: S001C001P007"):
        load_dataset("ntu", root, subset=subset)
