"""DeepChange: tracklets in place of cameras, days in place of outfits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data import load_dataset
from reid_data.datasets.deepchange import DEEPCHANGE_NAMES

Folder = Callable[..., Path]


def test_lists_are_as_published(drawn: Folder) -> None:
    content = (drawn("deepchange") / "train-set-bbox.txt").read_text()
    assert content.endswith(" \n\n")
    columns = {line.count(",") for line in content.splitlines() if line}
    assert columns == {1, 5}


def test_tracklets_stand_for_cameras(drawn: Folder) -> None:
    root = drawn("deepchange", tracklet_length=2)
    records, real = load_dataset("deepchange", root), load_dataset("deepchange:camid=camera", root)
    assert records.camids.tolist() == records.table["tracklet"].tolist()
    assert real.camids.tolist() == real.table["camera"].tolist()
    assert set(real.camids) == {1, 2, 3, 4}
    # By tracklet, the matches in the query's own camera are some to be found.
    asked, answers = records.split("query").table, records.split("gallery").table
    assert not set(asked["camid"]) & set(answers["camid"])
    assert set(asked["camera"]) == set(answers["camera"])
    walks = records.table.groupby("tracklet")
    assert walks.size().tolist() == [2] * len(walks)
    assert walks[["pid", "camera", "clothes_id"]].nunique().max().max() == 1


def test_days_stand_for_outfits(drawn: Folder) -> None:
    table = load_dataset("deepchange", drawn("deepchange")).table
    assert set(table["clothes_id"]) == {20200112, 20200228}


def test_the_validation_people_can_be_tested(drawn: Folder) -> None:
    root = drawn("deepchange")
    assert set(load_dataset("deepchange", root).split("val").pids) == {5}
    assert set(load_dataset("deepchange", root).split("query").pids) == {6, 7}
    val = load_dataset("deepchange:part=val", root)
    assert set(val.split("query").pids) == set(val.split("gallery").pids) == {5}


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


def test_a_line_without_tracklet_is_told(copied: Folder) -> None:
    root = copied("deepchange")
    with (root / "train-set-bbox.txt").open("a") as file:
        file.write("p0003_c03_20200112_0931_000124_bbox.jpg\n")
    with pytest.raises(ValueError, match=r"train-set-bbox.txt, line 34: .* tracklet"):
        load_dataset("deepchange", root)
