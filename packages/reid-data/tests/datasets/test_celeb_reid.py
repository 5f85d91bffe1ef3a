"""Celeb-reID: no cameras, whatever the digits of an image's number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data import load_dataset
from reid_data.datasets import dataset_info

Folder = Callable[..., Path]


def test_there_are_no_cameras(drawn: Folder) -> None:
    root = drawn("celeb_reid")
    # 4 cameras, 3 images each: numbers of two digits, whose first one is no camera.
    assert {"5_1_0.jpg", "5_10_1.jpg"} <= {p.name for p in root.glob("*/5_*.jpg")}
    records = load_dataset("celeb_reid", root)
    assert set(records.camids) == {-1}
    assert records.split("query").pids.tolist().count(5) == 4
    assert records.split("gallery").pids.tolist().count(5) == 8


def test_each_image_is_an_outfit(drawn: Folder) -> None:
    records = load_dataset("celeb_reid", drawn("celeb_reid"))
    assert records.table["clothes_id"].is_unique


def test_published_counts_add_up() -> None:
    assert sum(images for _, images in dataset_info("celeb_reid").counts.values()) == 34186


def test_other_names_are_refused(copied: Folder) -> None:
    root = copied("celeb_reid")
    (root / "query" / "7_12.jpg").touch()
    with pytest.raises(ValueError, match=r"1 of 13 images .* not named like 1_12_0.jpg"):
        load_dataset("celeb_reid", root)
