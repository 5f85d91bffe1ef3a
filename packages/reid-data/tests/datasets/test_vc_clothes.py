"""VC-Clothes: three protocols by camera."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from reid_data import load_dataset
from reid_data.datasets import dataset_info

Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("protocol", "query", "gallery"),
    [("all", [2, 3], [1, 3, 4]), ("sc", [2, 3], [3]), ("cc", [3], [3, 4])],
)
def test_protocols_choose_cameras(
    tmp_path: Path,
    write_image: Write,
    layouts: ModuleType,
    protocol: str,
    query: list[int],
    gallery: list[int],
) -> None:
    root = layouts.vc_clothes(tmp_path, write_image)
    records = load_dataset(f"vc_clothes:protocol={protocol}", root)
    assert records.split("query").camids.tolist() == query
    assert records.split("gallery").camids.tolist() == gallery
    assert records.split("train").camids.tolist() == [1, 4]
    assert records.split("train").table["clothes_id"].tolist() == [1, 2]
    assert records.info is not None
    assert ("query" in records.info.counts) == (protocol == "all")


def test_published_counts_add_up() -> None:
    assert sum(images for _, images in dataset_info("vc_clothes").counts.values()) == 19060
