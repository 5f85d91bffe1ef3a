"""PRCC: three cameras, two outfits, and who asks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data import load_dataset
from reid_data.datasets import dataset_info

Folder = Callable[..., Path]


def test_cameras_and_outfits(drawn: Folder) -> None:
    root = drawn("prcc")
    assert (root / "sketch" / "train" / "001" / "A_cropped_sketch001.jpg").is_file()
    records = load_dataset("prcc", root)
    worn = records.table.groupby("camid")["clothes_id"].unique()
    assert {camid: outfits.tolist() for camid, outfits in worn.items()} == {1: [0], 3: [1], 2: [0]}
    assert set(records.split("val").pids) == set(records.split("train").pids) == {1, 2, 3, 4}
    assert set(records.split("gallery").camids) == {1}


@pytest.mark.parametrize(
    ("query", "cameras", "outfits"),
    [("changed", {3}, {1}), ("same", {2}, {0}), ("both", {2, 3}, {0, 1})],
)
def test_who_asks(drawn: Folder, query: str, cameras: set[int], outfits: set[int]) -> None:
    records = load_dataset("prcc", drawn("prcc"), query=query)
    asking = records.split("query")
    assert len(asking) == 9 * len(cameras)
    assert set(asking.camids) == cameras
    assert set(asking.table["clothes_id"]) == outfits
    assert records.info is not None
    images = {"changed": 3543, "same": 3873, "both": 3543 + 3873}[query]
    assert records.info.counts["query"] == (71, images)


def test_the_photographs_folder_will_do(drawn: Folder) -> None:
    root = drawn("prcc")
    assert load_dataset("prcc", root / "rgb").paths == load_dataset("prcc", root).paths


def test_published_counts_add_up() -> None:
    # With camera B, which asks in the same-clothes setting.
    images = sum(images for _, images in dataset_info("prcc").counts.values())
    assert images + 3873 == 33698
