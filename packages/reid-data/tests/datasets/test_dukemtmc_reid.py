"""DukeMTMC-reID: frames and cameras, distractors with identities of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from reid_data import load_dataset
from reid_data.datasets import dataset_info
from reid_data.datasets.dukemtmc_reid import DUKE_NAMES

Write = Callable[..., Path]


def test_the_layout_becomes_splits(tmp_path: Path, write_image: Write, layouts: ModuleType) -> None:
    records = load_dataset("dukemtmc_reid", layouts.dukemtmc_reid(tmp_path, write_image))
    assert records.table["split"].value_counts().to_dict() == {"train": 3, "gallery": 3, "query": 2}
    gallery = records.split("gallery")
    assert gallery.pids.tolist() == [5, 5, 7139]
    assert gallery.camids.tolist() == [2, 5, 8]
    assert gallery.table["frame"].tolist() == [47105, 52120, 30]


def test_it_is_marked_as_withdrawn() -> None:
    info = dataset_info("dukemtmc_reid")
    assert "WITHDRAWN" in info.note
    assert "withdrawn" in info.licence
    assert sum(images for _, images in info.counts.values()) == 36411


@pytest.mark.parametrize("name", ["0001_c2_0046182.jpg", "0001_c2s1_000451_03.jpg", "-1_c2_f1.jpg"])
def test_names_of_other_data_sets_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"identity, camera, frame"):
        DUKE_NAMES.parse(name)


def test_a_foreign_name_is_told(tmp_path: Path, write_image: Write, layouts: ModuleType) -> None:
    root = layouts.dukemtmc_reid(tmp_path, write_image)
    write_image(root / "query" / "0005_c1s1_000001_00.jpg")
    with pytest.raises(
        ValueError, match=r"1 of 3 images in .*query are not named like .*: 0005_c1s1_000001_00.jpg"
    ):
        load_dataset("dukemtmc_reid", root)
