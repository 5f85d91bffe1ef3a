"""Occluded-REID: TIFF, no cameras, with and without folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data import find_unreadable, load_dataset, read_image

Folder = Callable[..., Path]


def test_hidden_people_ask_for_whole_ones(drawn: Folder) -> None:
    records = load_dataset("occluded_reid", drawn("occluded_reid"))
    assert records.paths[0].name == "001_01.tif"
    assert records.split("query").pids.tolist() == [pid for pid in (1, 2, 3) for _ in range(4)]
    assert set(records.camids) == {-1}
    assert read_image(records.paths[0]).shape == (32, 16, 3)
    assert find_unreadable(records, workers=0, decode=False) == []


def test_flat_copies_in_other_formats_are_read(tmp_path: Path, write_image: Folder) -> None:
    for side in ("occluded_body_images", "whole_body_images"):
        write_image(tmp_path / side / "007_01.jpg")
    assert load_dataset("occluded_reid", tmp_path).pids.tolist() == [7, 7]


def test_other_names_are_refused(copied: Folder) -> None:
    root = copied("occluded_reid")
    (root / "whole_body_images" / "001" / "holiday.jpg").touch()
    with pytest.raises(ValueError, match=r"1 of 25 images .* 001/holiday.jpg"):
        load_dataset("occluded_reid", root)
