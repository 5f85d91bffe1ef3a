"""PRCC: three cameras, two outfits, and who asks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from reid_data import load_dataset
from reid_data.datasets import dataset_info

Write = Callable[..., Path]


def test_cameras_and_outfits(tmp_path: Path, write_image: Write, layouts: ModuleType) -> None:
    records = load_dataset("prcc", layouts.prcc(tmp_path, write_image))
    train = records.split("train").table
    assert train[["pid", "camid", "clothes_id", "frame"]].to_numpy().tolist() == [
        [5, 1, 0, 1],
        [5, 2, 0, 12],
        [5, 3, 1, 123],
        [92, 1, 0, 1],
    ]
    assert len(records.split("val")) == 1
    assert records.split("gallery").camids.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("query", "cameras", "outfits"),
    [("changed", [3, 3], [1, 1]), ("same", [2], [0]), ("both", [2, 3, 3], [0, 1, 1])],
)
def test_who_asks(
    tmp_path: Path,
    write_image: Write,
    layouts: ModuleType,
    query: str,
    cameras: list[int],
    outfits: list[int],
) -> None:
    records = load_dataset("prcc", layouts.prcc(tmp_path, write_image), query=query)
    asking = records.split("query")
    assert asking.camids.tolist() == cameras
    assert asking.table["clothes_id"].tolist() == outfits
    assert records.info is not None
    images = {"changed": 3543, "same": 3873, "both": 3543 + 3873}[query]
    assert records.info.counts["query"] == (71, images)


def test_the_photographs_folder_will_do(
    tmp_path: Path, write_image: Write, layouts: ModuleType
) -> None:
    root = layouts.prcc(tmp_path, write_image)
    assert load_dataset("prcc", root / "rgb").paths == load_dataset("prcc", root).paths


def test_published_counts_add_up() -> None:
    # With camera B, which asks in the same-clothes setting.
    images = sum(images for _, images in dataset_info("prcc").counts.values())
    assert images + 3873 == 33698
