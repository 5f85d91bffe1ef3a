"""NTU's crops: actions in place of cameras, set-ups in place of outfits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data import load_dataset

Folder = Callable[..., Path]


def test_actions_stand_for_cameras(drawn: Folder) -> None:
    root = drawn("ntu")
    records = load_dataset("ntu", root)
    assert records.camids.tolist() == records.table["action"].tolist()
    assert (
        load_dataset("ntu:camid=camera", root).camids.tolist() == records.table["camera"].tolist()
    )
    assert set(records.table["camera"]) == {1, 2, 3}


def test_a_published_list_chooses(copied: Folder) -> None:
    root = copied("ntu", "crops")
    subset = root / "subset.txt"
    *_, blank, last = subset.read_text().splitlines()
    assert blank == ""
    assert "\\" in last
    every = load_dataset("ntu", root)
    chosen = load_dataset("ntu", root, subset=subset)
    assert len(chosen) == 26
    assert set(chosen.paths) < set(every.paths)
    assert load_dataset(f"ntu:subset={subset}", root).paths == chosen.paths
    with subset.open("a") as file:
        file.write("S001C001P099R001A001_rgb.mp4\n")
    with pytest.raises(ValueError, match=r"1 of 27 names in .* have no image: S001C001P099"):
        load_dataset("ntu", root, subset=subset)
