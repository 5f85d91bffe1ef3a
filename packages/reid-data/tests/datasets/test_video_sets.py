"""Video data sets on small copies in their real layouts, with their real irregularities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import savemat

from reid_data import Records, load_dataset
from reid_data.datasets.ccvid import parse_ccvid_line
from reid_data.datasets.dukemtmc_videoreid import DUKE_VIDEO_NAMES
from reid_data.datasets.frames import frames_of
from reid_data.datasets.grammar import NameGrammar
from reid_data.datasets.ilids_vid import ILIDS_NAMES
from reid_data.datasets.mars import MARS_NAMES
from reid_data.datasets.mat_files import mat_texts, read_mat, read_mat_integers
from reid_data.datasets.prid2011 import PRID_FOLDERS

Folder = Callable[..., Path]


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\xff\xd8\xff")


def tracklets(records: Records) -> list[tuple[object, ...]]:
    """(tracklet, split, pid, camid, frames in order) of each tracklet."""
    groups = records.table.groupby("tracklet", sort=True)
    return [
        (number, *rows.iloc[0][["split", "pid", "camid"]], rows["frame"].tolist())
        for number, rows in groups
    ]


def test_mars_is_as_published(drawn: Folder) -> None:
    root = drawn("mars")
    lines = (root / "info" / "test_name.txt").read_bytes()
    assert lines.startswith(b"00-1C")
    assert lines.endswith(b".jpg\r\n\r\n")
    assert {"00-1", "0000", "0005"} <= {path.name for path in (root / "bbox_test").iterdir()}
    assert read_mat(root / "info" / "tracks_test_info.mat")["track_test_info"].min(0)[0] == 1


def test_mars(drawn: Folder) -> None:
    records = load_dataset("mars", drawn("mars"))
    found = tracklets(records)
    # 4 cameras see 4 people twice, then 3 people three times; 8 strangers and 2 failures.
    sides = Counter(side for _, side, *_ in found)
    assert sides == {"train": 32, "query": 12, "gallery": 24, "distractor": 8, "junk": 2}
    assert [row[0] for row in found] == list(range(78))
    assert [row[1] for row in found[:32]] == ["train"] * 32
    assert found[32][1:3] == ("junk", -1)
    assert all(row[4] == [1, 2, 3] for row in found)


@pytest.mark.parametrize(
    ("name", "variables", "reason"),
    [
        ("query_IDX", {"query_IDX": [[47]]}, r"expected tracklets 1 to 46 .* came 47 to 47"),
        ("query_IDX", {"query_IDX": [[0]]}, r"expected tracklets 1 to 46 .* came 0 to 0"),
        ("query_IDX", {"query_IDX": [[1.5]]}, "expected query_IDX .* to hold whole numbers"),
        ("query_IDX", {"query_IDX": np.empty((0, 0))}, "expected query_IDX .* whole numbers"),
        ("query_IDX", {"a": [1], "b": [2]}, "expected a variable query_IDX .*; found: a, b"),
        (
            "tracks_train_info",
            {"x": [[1, 3, 1, 1], [4, 97, 1, 1]]},
            "row 2: expected lines 1 to 96",
        ),
        ("tracks_train_info", {"x": [[1, 2, 9, 1]]}, "says identity 9 and camera 1 for bbox_train"),
        ("tracks_train_info", {"x": [[1, 2, 9]]}, "expected four columns"),
    ],
)
def test_tables_of_mars_that_do_not_fit(
    copied: Folder, name: str, variables: dict[str, object], reason: str
) -> None:
    root = copied("mars")
    savemat(root / "info" / f"{name}.mat", variables)
    with pytest.raises(ValueError, match=reason):
        load_dataset("mars", root)


def test_ilids_counts_folders_and_sorts_frames(drawn: Folder, copied: Folder) -> None:
    root = copied("ilids_vid")
    sequences = root / "i-LIDS-VID" / "sequences"
    # Folder numbers have gaps; a later frame's name comes first by letters.
    folders = sorted(path.name for path in (sequences / "cam1").iterdir())
    assert folders == [f"person{pid:03d}" for pid in (1, 2, 3, 5, 6, 7, 9)]
    for frame in (1_000_000, 99):
        touch(sequences / "cam1" / "person001" / f"cam1_person001_{frame}.png")
    records = load_dataset("ilids_vid", root)
    assert all(frames == sorted(frames) for *_, frames in tracklets(records))
    assert tracklets(records)[0][4][-1] == 1_000_000
    sides = [row[1] for row in tracklets(records)]
    assert sides == ["train"] * 4 + ["query"] * 3 + ["train"] * 4 + ["gallery"] * 3
    divisions = [
        tuple(
            sorted(set(load_dataset("ilids_vid", drawn("ilids_vid"), split=at).split("query").pids))
        )
        for at in range(10)
    ]
    assert all(len(tested) == 3 for tested in divisions)
    assert len(set(divisions)) > 3
    with pytest.raises(ValueError, match="split must be 0 to 9, came 10"):
        load_dataset("ilids_vid:split=10", root)


def test_ilids_people_must_fit_the_splits(copied: Folder) -> None:
    root = copied("ilids_vid")
    touch(root / "i-LIDS-VID/sequences/cam1/person017/cam1_person017_00001.png")
    with pytest.raises(ValueError, match="expected the same people"):
        load_dataset("ilids_vid", root)
    touch(root / "i-LIDS-VID/sequences/cam2/person017/cam2_person017_00001.png")
    with pytest.raises(ValueError, match="orders 7 people, there are 8 folders"):
        load_dataset("ilids_vid", root)


def test_prid_published_splits(drawn: Folder) -> None:
    root = drawn("prid2011")
    # Whoever is 201 in one camera is somebody else in the other.
    for camera in ("cam_a", "cam_b"):
        assert (root / "multi_shot" / camera / "person_0201").is_dir()
    found = tracklets(load_dataset("prid2011", root))
    assert [row[1:4] for row in found] == [
        *(("train", pid, 1) for pid in (1, 2, 3)),
        *(("query", pid, 1) for pid in (5, 6, 7)),
        *(("train", pid, 2) for pid in (1, 2, 3)),
        *(("gallery", pid, 2) for pid in (5, 6, 7)),
    ]
    assert all(row[4] == [1, 2, 3] for row in found)
    assert set(load_dataset("prid2011:split=1", root).split("query").pids) != {5, 6, 7}
    with pytest.raises(ValueError, match="holds 10 splits; split 10 is not one"):
        load_dataset("prid2011:split=10", root)


def test_prid_drawn_splits(drawn: Folder) -> None:
    root = drawn("prid2011")
    drawings = [
        load_dataset("prid2011", root, splits="random", split=seed, min_frames=2)
        for seed in (0, 0, 1, 2, 3, 4)
    ]
    # 4 has too few frames in camera a; 201 is somebody else in camera b.
    assert set(drawings[0].pids) == {1, 2, 3, 5, 6, 7}
    assert drawings[0].table.equals(drawings[1].table)
    assert len({tuple(set(records.split("train").pids)) for records in drawings}) > 1
    with pytest.raises(ValueError, match=r"at least two people with 27 frames .* found 0"):
        load_dataset("prid2011:splits=random", root)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "put it there, or draw splits with prid2011:splits=random"),
        ("{", "is not JSON"),
        ("{}", "holds no splits"),
        ('[{"train": ["person_0001"]}]', 'expected {"train": .* as split 0'),
        (
            '[{"train": ["person_0001"], "test": ["person_0001"]}]',
            "person_0001 both train and test",
        ),
        ('[{"train": ["../../etc"], "test": []}]', "expected a name like person_0001"),
        ('[{"train": ["person_0009"], "test": []}]', "expected a folder at .*person_0009"),
    ],
)
def test_prid_splits_that_do_not_fit(copied: Folder, text: str | None, reason: str) -> None:
    root = copied("prid2011")
    path = root / "splits_prid2011.json"
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(ValueError, match=reason):
        load_dataset("prid2011", root)


@pytest.mark.parametrize("names", ["plain", "underscored"])
def test_dukemtmc_videoreid_reads_both_grammars(drawn: Folder, copied: Folder, names: str) -> None:
    root = copied(f"dukemtmc_videoreid:names={names}")
    records = load_dataset("dukemtmc_videoreid", root)
    assert ("_F0001_" in records.paths[0].name) == (names == "underscored")
    # Frames count in the video, so tracklets of a camera share one clock.
    truth = load_dataset("csv", root / "records.csv").table
    assert sorted(records.table["frame"]) == sorted(truth["frame"])
    assert records.table["frame"].max() > 1000
    expected = load_dataset("dukemtmc_videoreid", drawn("dukemtmc_videoreid")).table
    assert records.table.drop(columns="path").equals(expected.drop(columns="path"))
    touch(root / "train/0002/0000/0001C6F0002X30831.jpg")
    with pytest.raises(
        ValueError, match=r"1 images .* another identity's folder .* train/0002/0000"
    ):
        load_dataset("dukemtmc_videoreid", root)


def test_ccvid(drawn: Folder, copied: Folder) -> None:
    root = drawn("ccvid")
    lines = (root / "train.txt").read_text().splitlines()
    assert lines[1] == ""
    assert {"\t" in line for line in lines if line} == {True, False}
    records = load_dataset("ccvid", root)
    # Session 3 was another day: its take 1 counts as camera 13.
    later = records.table[records.table["sequence"] == 3]
    assert set(later["camid"]) == {13}
    assert set(records.split("query").camids) == {1, 2, 3}
    worn = records.table.groupby("clothes_id")
    assert worn["pid"].nunique().max() == 1
    assert worn["clothes"].nunique().max() == 1
    home = copied("ccvid")
    with (home / "query.txt").open("a") as file:
        file.write("\n../001_01 001 u0\n")
    with pytest.raises(ValueError, match=r"query.txt, line 12: expected a line like"):
        load_dataset("ccvid", home)
    (home / "query.txt").write_text("\n")
    with pytest.raises(ValueError, match=r"query.txt is empty"):
        load_dataset("ccvid", home)


@pytest.mark.parametrize("grammar", [MARS_NAMES, ILIDS_NAMES, DUKE_VIDEO_NAMES, PRID_FOLDERS])
@given(data=st.data())
def test_any_name_is_read_or_refused(grammar: NameGrammar, data: st.DataObject) -> None:
    near = st.text("0123456789_-CFTXcamperson/.jpg", max_size=50)
    name = data.draw(st.one_of(st.text(), near, st.just(grammar.example)))
    try:
        fields = grammar.parse(name)
    except ValueError as error:
        assert repr(name) in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert all(isinstance(value, int | str) for value in fields.values())


@given(st.one_of(st.text(), st.from_regex(r"session\d+/\d+_\d+\s+\d+ \S+")))
def test_any_line_of_ccvid_is_read_or_refused(line: str) -> None:
    try:
        folder, common = parse_ccvid_line(line)
    except ValueError as error:
        assert "expected a line like" in str(error)  # noqa: PT017
    else:
        assert ".." not in folder
        assert isinstance(common["camid"], int)


def test_frames_without_numbers_and_empty_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected frames in"):
        frames_of(tmp_path)
    touch(tmp_path / "first.jpg")
    with pytest.raises(ValueError, match=r"1 of 1 frames .* have no number: first.jpg"):
        frames_of(tmp_path)


Damage = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    "damage",
    [lambda b: b[:150], lambda b: b[:200] + b"\xff" * 40, lambda b: b"", lambda b: b"x" * 999],
)
def test_broken_mat_files_are_refused(tmp_path: Path, damage: Damage) -> None:
    path = tmp_path / "a.mat"
    savemat(path, {"a": np.arange(50.0)})
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"a.mat|variable"):
        read_mat_integers(path, "a", dimensions=1)
    with pytest.raises(ValueError, match="there is none"):
        read_mat(tmp_path / "b.mat")


def test_cells_and_padded_rows_are_texts(tmp_path: Path) -> None:
    cells = np.array(["a.jpg", "bc.jpg"], dtype=object).reshape(-1, 1)
    nested = np.empty((2, 1), dtype=object)
    nested[:, 0] = [np.array(["a.jpg"]), np.array(["bc.jpg"])]
    savemat(tmp_path / "t.mat", {"cells": cells, "nested": nested, "rows": ["a.jpg ", "bc.jpg"]})
    content = read_mat(tmp_path / "t.mat")
    for name in ("cells", "nested", "rows"):
        assert mat_texts(content[name]) == ["a.jpg", "bc.jpg"]
    with pytest.raises(ValueError, match="expected text"):
        mat_texts(np.arange(3))
