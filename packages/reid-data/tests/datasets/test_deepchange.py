"""DeepChange: tracklets in place of cameras, days in place of outfits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from reid_data import load_dataset
from reid_data.datasets.deepchange import DEEPCHANGE_NAMES

Write = Callable[..., Path]


def test_tracklets_stand_for_cameras(
    tmp_path: Path, write_image: Write, layouts: ModuleType
) -> None:
    root = layouts.deepchange(tmp_path, write_image)
    records = load_dataset("deepchange", root)
    train = records.split("train").table
    assert train[["pid", "camid", "camera", "tracklet"]].to_numpy().tolist() == [
        [3, 12, 3, 12],
        [3, 13, 4, 13],
    ]
    assert train["clothes_id"].tolist() == [20200112, 20200301]
    assert train["frame"].tolist() == [123, 7]
    real = load_dataset("deepchange:camid=camera", root)
    assert real.split("query", "gallery").camids.tolist() == [5, 5, 17]
    # By tracklet, the match of the query's own camera is one to be found.
    assert records.split("query", "gallery").camids.tolist() == [50, 51, 52]


def test_the_validation_people_can_be_tested(
    tmp_path: Path, write_image: Write, layouts: ModuleType
) -> None:
    root = layouts.deepchange(tmp_path, write_image)
    assert load_dataset("deepchange", root).split("val").pids.tolist() == [500, 500]
    assert load_dataset("deepchange:part=val", root).split("query").pids.tolist() == [500]


@pytest.mark.parametrize(
    ("name", "date", "frame"),
    [
        ("p0003_c03_20200112_0931_000123_bbox.jpg", "20200112", 123),
        ("p0003_c03_d20200112_t093100_f000123_bbox.jpg", "d20200112", 123),
        ("P0003_C03_2020-01-12_09-31_7.jpg", "2020-01-12", 7),
        ("p0003_c03_20200112_bbox.jpg", "20200112", None),
    ],
)
def test_names_of_several_makes(name: str, date: str, frame: int | None) -> None:
    assert DEEPCHANGE_NAMES.parse(name) == {"pid": 3, "camera": 3, "date": date, "frame": frame}


def test_a_line_without_tracklet_is_told(
    tmp_path: Path, write_image: Write, layouts: ModuleType
) -> None:
    root = layouts.deepchange(tmp_path, write_image)
    with (root / "train-set-bbox.txt").open("a") as file:
        file.write("p0003_c03_20200112_0931_000124_bbox.jpg\n")
    with pytest.raises(ValueError, match=r"train-set-bbox.txt, line 4: .* tracklet"):
        load_dataset("deepchange", root)
