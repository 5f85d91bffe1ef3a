"""GRID: divisions in a MATLAB file, and distractors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from scipy.io import savemat

from reid_data import load_dataset

Folder = Callable[..., Path]


def test_divisions(drawn: Folder) -> None:
    root = drawn("grid")
    assert {path.suffix for path in root.glob("*/*")} == {".jpeg"}
    divisions = [load_dataset(f"grid:split={split}", root) for split in range(10)]
    assert set(divisions[0].split("train").pids) == {1, 2, 3, 4}
    assert len({tuple(sorted(set(each.split("train").pids))) for each in divisions}) > 3
    for records in divisions:
        trained, asked = records.split("train"), records.split("query")
        assert len(trained) == 8
        assert set(asked.pids) == set(range(1, 8)) - set(trained.pids)
        assert sorted(asked.pids) == sorted(records.split("gallery").pids)
        assert records.split("distractor").pids.tolist() == [0] * 8


def test_other_splits_and_files_are_refused(copied: Folder) -> None:
    root = copied("grid")
    with pytest.raises(ValueError, match=r"split must be 0 to 9 as in .*, came 10"):
        load_dataset("grid:split=10", root)
    path = root / "features_and_partitions.mat"
    for content, message in [
        ({"trainIdxAll": [1, 2]}, "expected divisions in the variable trainIdxAll"),
        ({"other": [1, 2]}, "expected divisions in the variable trainIdxAll"),
        ({"trainIdxAll": {"a": 1, "b": 2, "c": "three"}}, "expected identities from 1"),
        ({"trainIdxAll": {"a": 1, "b": 2, "c": [0, 1]}}, "expected identities from 1"),
    ]:
        savemat(path, content)
        with pytest.raises(ValueError, match=message):
            load_dataset("grid", root)
    path.write_bytes(b"no MATLAB file")
    with pytest.raises(ValueError, match=r"features_and_partitions\.mat is not a readable MATLAB"):
        load_dataset("grid", root)
