"""LTCC: outfits from the file's name, never from a folder's, and cameras of two digits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from reid_data import load_dataset

Write = Callable[..., Path]


@pytest.mark.parametrize("folder", ["plain", "my_cc/7_8_c9"])
def test_outfits_and_cameras_are_the_names_own(
    tmp_path: Path, write_image: Write, layouts: ModuleType, folder: str
) -> None:
    records = load_dataset("ltcc", layouts.ltcc(tmp_path / folder, write_image))
    columns = ["pid", "clothes_id", "camid", "frame"]
    assert records.split("train").table[columns].to_numpy().tolist() == [
        [0, 1, 10, 1003],
        [0, 2, 3, 1007],
        [127, 1, 1, 2],
    ]
    assert records.split("query").table[columns].to_numpy().tolist() == [[1, 1, 11, 15833]]
    assert records.split("gallery").table["clothes_id"].tolist() == [1, 3]


def test_an_empty_folder_is_told(tmp_path: Path, write_image: Write, layouts: ModuleType) -> None:
    root = layouts.ltcc(tmp_path, write_image)
    (root / "query" / "001_1_c11_015833.png").unlink()
    with pytest.raises(ValueError, match=r"expected images in .*query; found: nothing"):
        load_dataset("ltcc", root)
