"""Every layout is written by `reid-data synth` and read as it was planned, to the last number."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from reid_data import cli, find_unreadable, list_datasets, load_dataset
from reid_data.console import run
from reid_data.synth import synthesize
from reid_data.synth.layouts import find_layout, list_layouts

Drawn = Callable[..., Path]
Table = pd.DataFrame

IDENTITIES, TESTED = 4, 3
"""People of the small data sets, to train and to test."""

MORE = {"msmt17": {"cameras": 11}, "ltcc": {"cameras": 11}, "cuhk01": {"identities": 100}}
"""What some small data sets need to show what is theirs: cameras of two digits, many people."""


def everybody(table: Table) -> Table:
    return table


def numbered_from_zero(table: Table) -> Table:
    return table.assign(pid=table["pid"] - 1)


def without_cameras(table: Table) -> Table:
    return table.assign(camid=pd.NA)


def outfits_from_one(table: Table) -> Table:
    return table.assign(clothes_id=table["clothes_id"] + 1)


def people_only(table: Table) -> Table:
    return table[table["pid"] > 0]


def numbered_twice(first: int) -> Callable[[Table], Table]:
    """Train and test numbered from `first` each, and test 10,000 higher."""

    def change(table: Table) -> Table:
        train = table["split"] == "train"
        offset = first - 1 + (~train) * (10_000 - IDENTITIES)
        return table.assign(pid=table["pid"] + offset)

    return change


def first_half_validates(table: Table) -> Table:
    val = (table["pid"] > IDENTITIES) & (table["pid"] <= IDENTITIES + TESTED // 2)
    return table.assign(split=table["split"].mask(val, "val"))


def of_cuhk03(table: Table) -> Table:
    table = table[table["path"].str.startswith("images_detected/")]
    return table.assign(pid=((table["pid"] - 1) % 5 + 1) * 10_000 + (table["pid"] - 1) // 5 + 1)


def of_prcc(table: Table) -> Table:
    tested = table["split"] != "train"
    side = table["camid"].map({1: "gallery", 3: "query"})
    table = table.assign(split=table["split"].mask(tested, side), clothes_id=table["camid"] // 3)
    return table[table["split"].notna()]


def of_last(table: Table) -> Table:
    table = first_half_validates(outfits_from_one(without_cameras(table)))
    return table.assign(clothes_id=table["clothes_id"].where(table["split"] == "train"))


def of_prid(table: Table) -> Table:
    return table[(table["pid"] > 0) & (table["pid"] != IDENTITIES)]


def of_ilids(table: Table) -> Table:
    return table.assign(pid=table["pid"] + (table["pid"] - 1) // 3)


def of_ccvid(table: Table) -> Table:
    return table.assign(camid=table["camid"].replace(4, 13))


# What the reader is asked for where it has options, and how what it reads follows from what was
# drawn.
READ = {
    "ccvid": ("ccvid", of_ccvid),
    "celeb_reid": ("celeb_reid", without_cameras),
    "coco_json": ("coco_json", lambda table: without_cameras(people_only(table))),
    "cuhk01": ("cuhk01", everybody),
    "cuhk03": ("cuhk03", of_cuhk03),
    "deepchange": ("deepchange:camid=camera", first_half_validates),
    "dukemtmc_reid": ("dukemtmc_reid", everybody),
    "dukemtmc_videoreid": ("dukemtmc_videoreid", everybody),
    "folder": ("folder", without_cameras),
    "grid": ("grid", everybody),
    "ilids_vid": ("ilids_vid", of_ilids),
    "last": ("last", of_last),
    "ltcc": ("ltcc", lambda table: numbered_from_zero(outfits_from_one(table))),
    "market1501": ("market1501", everybody),
    "mars": ("mars", everybody),
    "mot17_reid": ("mot17_reid", without_cameras),
    "msmt17": ("msmt17:val=train", numbered_twice(0)),
    "ntu": ("ntu:camid=camera", lambda table: outfits_from_one(table).assign(split="train")),
    "occluded_duke": ("occluded_duke", everybody),
    "occluded_reid": ("occluded_reid", without_cameras),
    "prcc": ("prcc", of_prcc),
    "prid2011": ("prid2011", of_prid),
    "prw": ("prw", people_only),
    "vc_clothes": ("vc_clothes", outfits_from_one),
    "vehicleid": ("vehicleid:size=2400", without_cameras),
    "veri776": ("veri776", everybody),
    "viper": ("viper", numbered_from_zero),
    "vric": ("vric", numbered_twice(1)),
}
NAMES = pytest.mark.parametrize("name", READ)

DRAWN_BY_THE_READER = ("cuhk01", "viper", "vehicleid")
"""Whose test people, or whose gallery, are drawn anew by the reader."""
OUTFITS = ("ltcc", "prcc", "vc_clothes", "ntu", "last")
OUTFITS_BY_ANOTHER_NUMBER = ("deepchange", "ccvid", "celeb_reid")
WALKS = ("mars", "ilids_vid", "prid2011", "dukemtmc_videoreid", "ccvid")
FRAMES = (
    *("market1501", "prw", "dukemtmc_reid", "occluded_duke", "grid", "ltcc", "deepchange"),
    *("ilids_vid", "dukemtmc_videoreid", "veri776", "vric"),
)
FRAMES_OF_THE_WALK = ("mars", "prid2011", "ccvid")


def truth_of(root: Path) -> Table:
    return load_dataset("csv", root / "records.csv").table


def grouped(table: Table, *columns: str) -> list[int]:
    """Which rows share these values, whatever the values are."""
    codes, _ = pd.MultiIndex.from_frame(table[list(columns)]).factorize()
    return list(codes)


def values(column: pd.Series[Any]) -> list[Any]:
    """The values with None for what is unknown."""
    return [None if pd.isna(value) else value for value in column]


def test_every_reader_of_crops_has_a_layout() -> None:
    readers = {layout.reader for layout in list_layouts()} - {""}
    assert readers == set(READ) | {"csv"}
    others = {name for name in list_datasets() if name not in readers}
    assert {name for name in others if not name.startswith("doctest")} == {"mot_sequences"}


@NAMES
def test_what_is_read_is_what_was_drawn(drawn: Drawn, name: str) -> None:
    root = drawn(name, **MORE.get(name, {}))
    spelled, follows = READ[name]
    records = load_dataset(spelled, root)
    read = records.table.assign(path=[path.relative_to(root).as_posix() for path in records.paths])
    if name == "prcc":
        read["split"] = read["split"].replace("val", "train")
    told = follows(truth_of(root))
    if name in DRAWN_BY_THE_READER:
        read, told = (table.assign(split="any") for table in (read, told))
    read, told = (table.sort_values(["split", "path"], ignore_index=True) for table in (read, told))
    columns = ["path", "split", "pid", "camid"]
    columns += ["clothes_id"] if name in OUTFITS else []
    columns += ["frame"] if name in FRAMES else []
    for column in columns:
        assert values(read[column]) == values(told[column]), column
    if name in OUTFITS_BY_ANOTHER_NUMBER:
        assert grouped(read, "pid", "clothes_id") == grouped(told, "pid", "clothes_id")
    if name in WALKS:
        assert grouped(read, "tracklet") == grouped(told, "split", "pid", "tracklet")
        assert read["tracklet"].value_counts().max() == 3
    if name in FRAMES_OF_THE_WALK:
        walk = told.groupby(["split", "tracklet"])["frame"]
        assert read["frame"].tolist() == walk.rank().astype(int).tolist()


@NAMES
def test_its_images_can_be_read(drawn: Drawn, name: str) -> None:
    records = load_dataset(READ[name][0], drawn(name, **MORE.get(name, {})))
    assert find_unreadable(records, workers=0, decode=True) == []


PROTOCOLS = [
    "market1501:distractors=true",
    *(f"cuhk03:boxes={boxes},protocol={which}" for boxes in ("detected", "labeled")
      for which in ("new", "classic")),
    "cuhk03:protocol=classic,split=19",
    "cuhk01:split=9",
    *(f"deepchange:part={part}" for part in ("test", "val")),
    "grid:split=9",
    "ilids_vid:split=9",
    *(f"last:part={part}" for part in ("test", "val")),
    *(f"msmt17:val={val}" for val in ("apart", "train")),
    *(f"prcc:query={query}" for query in ("changed", "same", "both")),
    "prid2011:split=9",
    "prid2011:splits=random,min_frames=3",
    *(f"vc_clothes:protocol={which}" for which in ("all", "sc", "cc")),
    *(f"vehicleid:size={size},split=3" for size in (800, 1600, 2400)),
    "viper:query=cam_b,split=9",
]  # fmt: skip


@pytest.mark.parametrize("spelled", PROTOCOLS)
def test_every_protocol_runs_on_it(drawn: Drawn, spelled: str) -> None:
    name = spelled.partition(":")[0]
    layout = "market1501:further=true" if "distractors" in spelled else name
    records = load_dataset(spelled, drawn(layout, **MORE.get(name, {})))
    asked, answers = records.split("query"), records.split("gallery")
    assert len(asked) > 0
    assert set(asked.pids) <= set(answers.pids)
    assert not set(records.split("train").pids) & set(answers.pids)
    assert all(path.is_file() for path in records.paths)


@NAMES
def test_the_command_line_reads_it(
    drawn: Drawn, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = str(drawn(name, **MORE.get(name, {})))
    for verb, *further in (["info"], ["check", "--no-counts", "--workers", "0"]):
        arguments = ["reid-data", verb, "--data", name, "--root", root, "--json", *further]
        monkeypatch.setattr(sys, "argv", arguments)
        with pytest.raises(SystemExit) as end:
            run(cli.app)
        out = capsys.readouterr()
        assert end.value.code == 0, out.err
        assert json.loads(out.out)["splits"]


@pytest.mark.parametrize(("layout", "workers"), [("mars", 2), ("native:form=xlsx", 0), ("prcc", 0)])
def test_neither_time_nor_processes_change_a_byte(
    drawn: Drawn,
    small: Callable[..., dict[str, int]],
    tmp_path: Path,
    layout: str,
    workers: int,
) -> None:
    root = tmp_path / "data"
    synthesize(root, layout=layout, height=32, width=16, workers=workers, **small(layout))
    files = {p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    first = drawn(layout)
    assert files == {p.relative_to(first): p.read_bytes() for p in first.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("layout", "changes", "reason"),
    [
        ("market-15", {}, r"no layout is called 'market-15'; did you mean market1501\? known: "),
        ("msmt17:version=v3", {}, "msmt17:version must be v1 or v2, came 'v3'"),
        ("msmt17:vers=v1", {}, "no option 'vers'; did you mean version"),
        ("prcc", {"cameras": 4}, "cameras: expected 3 in layout prcc, got 4"),
        ("ltcc", {"distractors": 1}, "distractors: expected 0 in layout ltcc, got 1"),
        ("vc_clothes", {"outfits": 4}, "outfits: expected 2 to 3, got 4"),
        ("prid2011", {"identities": 150, "test_identities": 51}, "at most 200 together in layout"),
        ("last", {"test_identities": 1}, "test_identities: expected 2 to 9999, got 1"),
    ],
)
def test_what_a_layout_cannot_hold_is_refused_in_one_line(
    tmp_path: Path, layout: str, changes: dict[str, int], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        synthesize(tmp_path / "data", layout=layout, **changes)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_names_are_forgiving() -> None:
    assert find_layout("DukeMTMC-reID")[0].name == "dukemtmc_reid"
    assert find_layout("Market1501")[0].name == "market1501"
