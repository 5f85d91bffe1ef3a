"""MSMT17: two versions, lists with blanks, and test identities that are not train ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data import load_dataset
from reid_data.datasets.msmt17 import MSMT17_NAMES, TEST_PID_OFFSET

Folder = Callable[..., Path]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_layout_becomes_splits(drawn: Folder, version: str) -> None:
    root = drawn(f"msmt17:version={version}", cameras=11)
    train, test = ("train", "test") if version == "v1" else ("mask_train_v2", "mask_test_v2")
    assert {"list_val.txt", train, test} <= {path.name for path in root.iterdir()}
    assert (root / "list_train.txt").read_bytes().endswith(b" \r\n\r\n")
    records = load_dataset("msmt17", root, version=version)
    counts = records.table["split"].value_counts().to_dict()
    assert counts == {"train": 81, "val": 7, "query": 33, "gallery": 66}
    assert set(records.split("train").camids) == set(range(1, 12))
    assert set(records.table["session"]) <= {"0303morning", "0303noon", "0303afternoon"}
    assert load_dataset("msmt17", root).paths == records.paths


def test_a_number_in_train_and_test_is_two_people(drawn: Folder) -> None:
    records = load_dataset("msmt17", drawn("msmt17"))
    assert set(records.split("train", "val").pids) == {0, 1, 2, 3}
    assert set(records.split("query", "gallery").pids - TEST_PID_OFFSET) == {0, 1, 2}


def test_val_counts_to_train_if_wanted(drawn: Folder) -> None:
    root = drawn("msmt17")
    apart, together = load_dataset("msmt17", root), load_dataset("msmt17:val=train", root)
    assert len(apart.split("val")) == 2
    assert len(together.split("train")) == len(apart.split("train", "val")) == 32


def test_the_version_that_is_not_there_is_told(drawn: Folder) -> None:
    with pytest.raises(ValueError, match="expected mask_train_v2"):
        load_dataset("msmt17:version=v2", drawn("msmt17"))


def test_a_damaged_line_is_told(copied: Folder) -> None:
    root = copied("msmt17")
    (root / "list_query.txt").write_text("0000/0000_003_01_0303morning_0006_1.jpg\n")
    with pytest.raises(ValueError, match=r"list_query.txt, line 1: expected a file name and ident"):
        load_dataset("msmt17", root)


def test_names_with_and_without_folder() -> None:
    plain = MSMT17_NAMES.parse("0003_019_05_0303morning_0040_0.jpg")
    assert plain == MSMT17_NAMES.parse("0003/0003_019_05_0303morning_0040_0_ex.jpg")
    assert plain["camid"] == 5
