"""VC-Clothes: three protocols by camera."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data import load_dataset
from reid_data.datasets import dataset_info

Folder = Callable[..., Path]


@pytest.mark.parametrize(
    ("protocol", "cameras"), [("all", {1, 2, 3, 4}), ("sc", {2, 3}), ("cc", {3, 4})]
)
def test_protocols_choose_cameras(drawn: Folder, protocol: str, cameras: set[int]) -> None:
    records = load_dataset(f"vc_clothes:protocol={protocol}", drawn("vc_clothes"))
    assert set(records.split("query").camids) == cameras
    assert set(records.split("gallery").camids) == cameras
    assert set(records.split("train").camids) == {1, 2, 3, 4}
    tested = records.split("query", "gallery").table
    outfits = tested.groupby("pid")["clothes_id"].nunique()
    assert set(outfits) == ({1} if protocol == "sc" else {2})
    assert records.info is not None
    assert ("query" in records.info.counts) == (protocol == "all")


def test_three_outfits_are_worn_by_camera(drawn: Folder) -> None:
    table = load_dataset("vc_clothes", drawn("vc_clothes", outfits=3)).table
    worn = table.groupby("camid")["clothes_id"].unique().map(list).to_dict()
    assert worn == {1: [1], 2: [2], 3: [2], 4: [3]}


def test_published_counts_add_up() -> None:
    assert sum(images for _, images in dataset_info("vc_clothes").counts.values()) == 19060
