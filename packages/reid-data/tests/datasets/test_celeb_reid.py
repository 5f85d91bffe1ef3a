"""Celeb-reID: no cameras, whatever the digits of an image's number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from reid_data import load_dataset
from reid_data.datasets import dataset_info

Write = Callable[..., Path]


def test_there_are_no_cameras(tmp_path: Path, write_image: Write, layouts: ModuleType) -> None:
    records = load_dataset("celeb_reid", layouts.celeb_reid(tmp_path, write_image))
    assert set(records.camids) == {-1}
    # 7_12 asks; 7_1 and 7_13 share its first digit, and both are matches to be found.
    assert records.split("query").pids.tolist() == [7]
    assert records.split("gallery").pids.tolist() == [7, 7]


def test_each_image_is_an_outfit(tmp_path: Path, write_image: Write, layouts: ModuleType) -> None:
    records = load_dataset("celeb_reid", layouts.celeb_reid(tmp_path, write_image))
    assert records.table["clothes_id"].is_unique


def test_published_counts_add_up() -> None:
    assert sum(images for _, images in dataset_info("celeb_reid").counts.values()) == 34186


def test_other_names_are_refused(tmp_path: Path, write_image: Write, layouts: ModuleType) -> None:
    root = layouts.celeb_reid(tmp_path, write_image)
    write_image(root / "query" / "7_12.jpg")
    with pytest.raises(ValueError, match=r"1 of 2 images .* not named like 1_12_0.jpg"):
        load_dataset("celeb_reid", root)
