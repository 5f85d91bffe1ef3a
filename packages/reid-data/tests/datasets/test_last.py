"""LaST: outfits where they are known, the flat queries, and the two tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from reid_data import load_dataset
from reid_data.datasets.last import LAST_NAMES

Write = Callable[..., Path]


def test_outfits_are_known_in_training_only(
    tmp_path: Path, write_image: Write, layouts: ModuleType
) -> None:
    records = load_dataset("last", layouts.last(tmp_path, write_image))
    train = records.split("train")
    assert train.pids.tolist() == [4, 4, 9]
    assert train.table["clothes_id"].tolist() == [1, 2, 1]
    assert records.split("query", "gallery", "val").table["clothes_id"].isna().all()
    assert set(records.camids) == {-1}


def test_the_validation_people_can_be_tested(
    tmp_path: Path, write_image: Write, layouts: ModuleType
) -> None:
    root = layouts.last(tmp_path, write_image)
    test = load_dataset("last", root)
    assert test.split("val").pids.tolist() == [5001, 5001]
    assert test.split("gallery").pids.tolist() == [6001, 6002]
    val = load_dataset("last:part=val", root)
    assert val.split("query").pids.tolist() == val.split("gallery").pids.tolist() == [5001]
    assert set(val.table["split"]) == {"train", "query", "gallery"}


@pytest.mark.parametrize("name", ["000004.jpg", "a/b/000004_01.jpg", "000004_01_.jpg"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="expected a name like"):
        LAST_NAMES.parse(name)
