"""What check says about a copy that is not whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from reid_data import DatasetInfo, Records
from reid_data.datasets.listing import find_home
from reid_data.summary import published_mismatches


def records(pids: Any, split: Any = "train", **counts: tuple[int, int | None]) -> Records:
    table = pd.DataFrame({"path": [f"{n}.jpg" for n in range(len(pids))], "pid": pids})
    return Records(table.assign(split=split), Path(), DatasetInfo("people", counts=counts))


def test_a_whole_copy_has_nothing_to_tell() -> None:
    assert published_mismatches(records([1, 1, 2], train=(2, 3))) == []
    assert published_mismatches(Records(records([1]).table, Path())) == []


def test_how_many_are_missing_and_which_numbers_nobody_has() -> None:
    (line,) = published_mismatches(records([1, 1, 2, 5, 7], train=(6, 9)))
    assert line == (
        "train: expected 6 identities and 9 images as published, found 4 and 5 (2 identities too "
        "few, 4 images too few); nobody is number 3, 4, 6"
    )
    (line,) = published_mismatches(records([1, 1, 2], train=(2, 2)))
    assert line.endswith("found 2 and 3 (1 images too many)")


def test_images_that_nobody_counted_are_not_missed() -> None:
    assert published_mismatches(records([1, 1, 2], train=(2, None))) == []
    (line,) = published_mismatches(records([1, 1, 3], train=(3, None)))
    assert line == (
        "train: expected 3 identities as published, found 2 (1 identities too few); "
        "nobody is number 2"
    )


def test_numbers_of_another_split_are_not_missing() -> None:
    both = records([1, 4, 2], ["train", "train", "query"], train=(3, 3))
    assert published_mismatches(both)[0].endswith("nobody is number 3")


def test_numbers_that_are_not_counted_through_are_not_guessed_at() -> None:
    (line,) = published_mismatches(records([10_001, 50_049], train=(3, 3)))
    assert "nobody" not in line
    many = records(np.arange(0, 40, 2), train=(40, 40))
    assert published_mismatches(many)[0].endswith("number 1, 3, 5, 7, 9 and 14 more")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "LTCC" / "train").mkdir(parents=True)
    (tmp_path / "LTCC" / "query").mkdir()
    with pytest.raises(ValueError, match=r"in .*/LTCC; missing: test; found there: query/, train/"):
        find_home(tmp_path, ("train", "query", "test"), aliases=("ltcc", "LTCC"))
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"expected train in the folder .*; it is a file"):
        find_home(tmp_path / "file", ("train",))
