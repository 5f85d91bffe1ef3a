"""Occluded-Duke: the layout of a withdrawn data set, and so marked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from reid_data import load_dataset
from reid_data.datasets import dataset_info

Write = Callable[..., Path]


def test_it_is_read_like_its_source(
    tmp_path: Path, write_image: Write, layouts: ModuleType
) -> None:
    root = layouts.occluded_duke(tmp_path, write_image)
    records = load_dataset("occluded_duke", root)
    assert records.table.equals(load_dataset("dukemtmc_reid", root).table)
    assert "WITHDRAWN" in dataset_info("occluded_duke").note
    with pytest.raises(ValueError, match="no option"):
        load_dataset("occluded_duke:split=1", root)
