"""VeRi-776: names, and the queries that are in the gallery too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from reid_data import load_dataset

Write = Callable[..., Path]


def test_the_layout_becomes_splits(tmp_path: Path, write_image: Write, layouts: ModuleType) -> None:
    records = load_dataset("veri776", layouts.veri776(tmp_path, write_image))
    columns = ["pid", "camid", "frame", "box"]
    train = records.split("train").table[columns]
    assert train.to_numpy().tolist() == [[1, 1, 16450, 0], [1, 14, 40625, 1]]
    assert records.split("query").camids.tolist() == [2]
    assert records.split("gallery").camids.tolist() == [2, 20]


def test_people_are_refused(tmp_path: Path, write_image: Write, layouts: ModuleType) -> None:
    root = layouts.veri776(tmp_path, write_image)
    write_image(root / "image_query" / "0002_c1s1_000451_03.jpg")
    with pytest.raises(ValueError, match=r"\(vehicle, camera, frame, box\)"):
        load_dataset("veri776", root)
