"""Occluded-REID: TIFF, no cameras, with and without folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from reid_data import find_unreadable, load_dataset, read_image

Write = Callable[..., Path]


def test_hidden_people_ask_for_whole_ones(
    tmp_path: Path, write_image: Write, layouts: ModuleType
) -> None:
    records = load_dataset("occluded_reid", layouts.occluded_reid(tmp_path, write_image))
    assert records.split("query").pids.tolist() == [1, 1, 200, 200]
    assert set(records.camids) == {-1}
    assert read_image(records.paths[0]).shape == (48, 24, 3)
    assert find_unreadable(records, workers=0, decode=True) == []
    assert find_unreadable(records, workers=0, decode=False) == []


def test_flat_copies_in_other_formats_are_read(tmp_path: Path, write_image: Write) -> None:
    for side in ("occluded_body_images", "whole_body_images"):
        write_image(tmp_path / side / "007_01.jpg")
    assert load_dataset("occluded_reid", tmp_path).pids.tolist() == [7, 7]


def test_other_names_are_refused(tmp_path: Path, write_image: Write, layouts: ModuleType) -> None:
    root = layouts.occluded_reid(tmp_path, write_image)
    write_image(root / "whole_body_images" / "001" / "holiday.jpg")
    with pytest.raises(ValueError, match=r"1 of 5 images .* 001/holiday.jpg"):
        load_dataset("occluded_reid", root)
