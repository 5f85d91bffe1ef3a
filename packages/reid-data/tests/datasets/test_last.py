"""LaST: outfits where they are known, the flat queries, and the two tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data import load_dataset
from reid_data.datasets.last import LAST_NAMES

Folder = Callable[..., Path]


def test_outfits_are_known_in_training_only(drawn: Folder) -> None:
    root = drawn("last")
    assert list(root.glob("test/query/000006_*.jpg"))
    assert list(root.glob("test/gallery/000006/000006_*.jpg"))
    records = load_dataset("last", root)
    assert set(records.split("train").table["clothes_id"]) == {1, 2}
    assert records.split("query", "gallery", "val").table["clothes_id"].isna().all()
    assert set(records.camids) == {-1}


def test_the_validation_people_can_be_tested(drawn: Folder) -> None:
    root = drawn("last")
    test = load_dataset("last", root)
    assert set(test.split("val").pids) == {5}
    assert set(test.split("gallery").pids) == {6, 7}
    val = load_dataset("last:part=val", root)
    assert set(val.split("query").pids) == set(val.split("gallery").pids) == {5}
    assert set(val.table["split"]) == {"train", "query", "gallery"}


@pytest.mark.parametrize("name", ["000004.jpg", "a/b/000004_01.jpg", "000004_01_.jpg"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="expected a name like"):
        LAST_NAMES.parse(name)
