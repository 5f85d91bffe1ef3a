"""GRID: divisions in a MATLAB file, and distractors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from scipy.io import savemat

from reid_data import load_dataset

Write = Callable[..., Path]


@pytest.mark.parametrize(("split", "trained"), [(0, {1, 2, 3}), (1, {4, 5, 6})])
def test_divisions(
    tmp_path: Path, write_image: Write, layouts: ModuleType, split: int, trained: set[int]
) -> None:
    records = load_dataset(f"grid:split={split}", layouts.grid(tmp_path, write_image))
    assert set(records.split("train").pids) == trained
    assert len(records.split("train")) == 6
    assert set(records.split("query").pids) == set(range(1, 7)) - trained
    assert records.split("distractor").pids.tolist() == [0, 0, 0]
    assert records.split("query").camids.tolist() == [1, 1, 1]
    assert records.split("distractor").table["frame"].tolist() == [27000, 27001, 27002]


def test_other_splits_and_files_are_refused(
    tmp_path: Path, write_image: Write, layouts: ModuleType
) -> None:
    root = layouts.grid(tmp_path, write_image)
    with pytest.raises(ValueError, match=r"split must be 0 to 1 as in .*, came 2"):
        load_dataset("grid:split=2", root)
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
