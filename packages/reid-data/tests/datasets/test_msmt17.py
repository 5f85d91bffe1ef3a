"""MSMT17: two versions, lists with blanks, and test identities that are not train ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from reid_data import load_dataset
from reid_data.datasets.msmt17 import MSMT17_NAMES, TEST_PID_OFFSET

Write = Callable[..., Path]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_layout_becomes_splits(
    tmp_path: Path, write_image: Write, layouts: ModuleType, version: str
) -> None:
    root = layouts.msmt17(tmp_path, write_image, version=version)
    records = load_dataset("msmt17", root, version=version)
    counts = records.table["split"].value_counts().to_dict()
    assert counts == {"train": 2, "val": 1, "query": 1, "gallery": 2}
    train = records.split("train")
    assert train.camids.tolist() == [1, 15]
    assert train.table["session"].tolist() == ["0303morning", "0114noon"]
    assert train.table[["frame", "box"]].to_numpy().tolist() == [[8, 0], [1015, 2]]
    assert load_dataset("msmt17", root).paths == records.paths


def test_a_number_in_train_and_test_is_two_people(
    tmp_path: Path, write_image: Write, layouts: ModuleType
) -> None:
    records = load_dataset("msmt17", layouts.msmt17(tmp_path, write_image))
    assert records.split("train", "val").pids.tolist() == [0, 1, 0]
    assert (records.split("query", "gallery").pids - TEST_PID_OFFSET).tolist() == [0, 0, 2]


def test_val_counts_to_train_if_wanted(
    tmp_path: Path, write_image: Write, layouts: ModuleType
) -> None:
    records = load_dataset("msmt17:val=train", layouts.msmt17(tmp_path, write_image))
    assert len(records.split("train")) == 3


def test_the_version_that_is_not_there_is_told(
    tmp_path: Path, write_image: Write, layouts: ModuleType
) -> None:
    root = layouts.msmt17(tmp_path, write_image)
    with pytest.raises(ValueError, match="expected mask_train_v2"):
        load_dataset("msmt17:version=v2", root)


def test_a_damaged_line_is_told(tmp_path: Path, write_image: Write, layouts: ModuleType) -> None:
    root = layouts.msmt17(tmp_path, write_image)
    (root / "list_query.txt").write_text("0000/0000_003_01_0303morning_0006_1.jpg\n")
    with pytest.raises(ValueError, match=r"list_query.txt, line 1: expected a file name and ident"):
        load_dataset("msmt17", root)


def test_names_with_and_without_folder() -> None:
    plain = MSMT17_NAMES.parse("0003_019_05_0303morning_0040_0.jpg")
    assert plain == MSMT17_NAMES.parse("0003/0003_019_05_0303morning_0040_0_ex.jpg")
    assert plain["camid"] == 5
