"""LTCC: outfits from the file's name, never from a folder's, and cameras of two digits."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data import load_dataset

Folder = Callable[..., Path]


def test_names_are_as_published(drawn: Folder) -> None:
    names = {path.name for path in drawn("ltcc", cameras=11).glob("train/*")}
    assert any(re.fullmatch(r"000_[12]_c11_\d{6}\.png", name) for name in names)
    records = load_dataset("ltcc", drawn("ltcc", cameras=11))
    assert set(records.split("train").camids) == set(range(1, 12))
    assert set(records.split("train").table["clothes_id"]) == {1, 2}


def test_a_folders_name_says_nothing(drawn: Folder, copied: Folder) -> None:
    plain, misleading = drawn("ltcc"), copied("ltcc", "my_cc/7_8_c9")
    assert load_dataset("ltcc", plain).table.equals(load_dataset("ltcc", misleading).table)


def test_an_empty_folder_is_told(copied: Folder) -> None:
    root = copied("ltcc")
    for path in (root / "query").iterdir():
        path.unlink()
    with pytest.raises(ValueError, match=r"expected images in .*query; found: nothing"):
        load_dataset("ltcc", root)
