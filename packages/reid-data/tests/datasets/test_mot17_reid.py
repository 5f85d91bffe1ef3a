"""MOT17's crops: names of several makes, and no cameras."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data import load_dataset
from reid_data.datasets.mot17_reid import MOT17_REID_NAMES

Folder = Callable[..., Path]


def test_people_distractors_and_junk(drawn: Folder) -> None:
    root = drawn("mot17_reid")
    assert (root / "bounding_box_test" / "0007.jpg").is_file()
    records = load_dataset("mot17_reid", root)
    assert set(records.split("train").pids) == {1, 2, 3, 4}
    assert set(records.split("gallery").pids) == {5, 6, 7}
    assert set(records.split("distractor").pids) == {0}
    assert set(records.split("junk").pids) == {-1}
    assert set(records.camids) == {-1}


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("0002_c1s1_000451_03.jpg", (2, 1, 451, 3)),
        ("0002_c13_000460.jpg", (2, 13, 460, None)),
        ("0003_f000012_1.jpg", (3, None, 12, 1)),
        ("-1_7.png", (-1, None, 7, None)),
        ("0005.jpg", (5, None, None, None)),
    ],
)
def test_names_of_several_makes(name: str, fields: tuple[int | None, ...]) -> None:
    assert tuple(MOT17_REID_NAMES.parse(name).values()) == fields
