"""VeRi-776: names, and the queries that are in the gallery too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data import load_dataset

Folder = Callable[..., Path]


def test_queries_are_in_the_gallery_too(drawn: Folder) -> None:
    root = drawn("veri776")
    asked = {path.name: path.read_bytes() for path in root.glob("image_query/*")}
    assert asked == {name: (root / "image_test" / name).read_bytes() for name in asked}
    assert all("_c00" in name for name in asked)


def test_people_are_refused(copied: Folder) -> None:
    root = copied("veri776")
    (root / "image_query" / "0002_c1s1_000451_03.jpg").touch()
    with pytest.raises(ValueError, match=r"\(vehicle, camera, frame, box\)"):
        load_dataset("veri776", root)
