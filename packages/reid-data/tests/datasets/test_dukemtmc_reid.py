"""DukeMTMC-reID: frames and cameras, distractors with identities of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data import load_dataset
from reid_data.datasets import dataset_info
from reid_data.datasets.dukemtmc_reid import DUKE_NAMES

Folder = Callable[..., Path]


def test_somebody_in_the_gallery_is_asked_for_by_nobody(drawn: Folder) -> None:
    root = drawn("dukemtmc_reid")
    assert (root / "query" / "Thumbs.db").is_file()
    records = load_dataset("dukemtmc_reid", root)
    assert set(records.split("query").pids) == {5, 6}
    assert set(records.split("gallery").pids) == {5, 6, 7}


def test_it_is_marked_as_withdrawn() -> None:
    info = dataset_info("dukemtmc_reid")
    assert "WITHDRAWN" in info.note
    assert "withdrawn" in info.licence
    assert sum(images for _, images in info.counts.values()) == 36411


@pytest.mark.parametrize("name", ["0001_c2_0046182.jpg", "0001_c2s1_000451_03.jpg", "-1_c2_f1.jpg"])
def test_names_of_other_data_sets_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"identity, camera, frame"):
        DUKE_NAMES.parse(name)


def test_a_foreign_name_is_told(copied: Folder) -> None:
    root = copied("dukemtmc_reid")
    (root / "query" / "0005_c1s1_000001_00.jpg").touch()
    with pytest.raises(
        ValueError, match=r"1 of 9 images in .*query are not named like .*: 0005_c1s1_000001_00.jpg"
    ):
        load_dataset("dukemtmc_reid", root)
