"""Occluded-Duke: the layout of a withdrawn data set, and so marked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data import load_dataset
from reid_data.datasets import dataset_info


def test_it_is_read_like_its_source(drawn: Callable[..., Path]) -> None:
    root = drawn("occluded_duke")
    records = load_dataset("occluded_duke", root)
    assert records.table.equals(load_dataset("dukemtmc_reid", root).table)
    assert "WITHDRAWN" in dataset_info("occluded_duke").note
    with pytest.raises(ValueError, match="no option"):
        load_dataset("occluded_duke:split=1", root)
