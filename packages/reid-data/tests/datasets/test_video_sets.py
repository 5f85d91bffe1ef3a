"""Video data sets on small copies in their real layouts, with their real irregularities."""

from __future__ import annotations

import json
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

Tracks = list[tuple[str, int, int]]  # folder, camera, frames


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


def write_mars(root: Path) -> Path:
    sides: dict[str, Tracks] = {
        "train": [("0001", 1, 2), ("0001", 6, 3), ("0007", 2, 1)],
        "test": [("00-1", 1, 2), ("0000", 1, 1), ("0003", 1, 2), ("0003", 2, 2), ("0005", 4, 1)],
    }
    (root / "info").mkdir(parents=True)
    for side, tracks in sides.items():
        lines: list[str] = []
        table = []
        for number, (folder, camera, frames) in enumerate(tracks, start=1):
            names = [f"{folder}C{camera}T{number:04d}F{at + 1:03d}.jpg" for at in range(frames)]
            for name in names:
                touch(root / f"bbox_{side}" / folder / name)
            table.append(
                (len(lines) + 1, len(lines) + frames, int(folder.lstrip("0") or 0), camera)
            )
            lines += names
        (root / "info" / f"{side}_name.txt").write_text("\r\n".join(lines) + "\r\n\r\n")
        savemat(root / "info" / f"tracks_{side}_info.mat", {f"track_{side}_info": np.array(table)})
    savemat(root / "info" / "query_IDX.mat", {"query_IDX": np.array([[3]], dtype=np.uint16)})
    return root


def test_mars(tmp_path: Path) -> None:
    write_mars(tmp_path / "MARS")
    records = load_dataset("mars", tmp_path)
    assert tracklets(records) == [
        (0, "train", 1, 1, [1, 2]),
        (1, "train", 1, 6, [1, 2, 3]),
        (2, "train", 7, 2, [1]),
        (3, "junk", -1, 1, [1, 2]),
        (4, "distractor", 0, 1, [1]),
        (5, "query", 3, 1, [1, 2]),
        (6, "gallery", 3, 2, [1, 2]),
        (7, "gallery", 5, 4, [1]),
    ]
    assert all(path.is_file() for path in records.paths)


@pytest.mark.parametrize(
    ("name", "variables", "reason"),
    [
        ("query_IDX", {"query_IDX": [[6]]}, r"expected tracklets 1 to 5 .* came 6 to 6"),
        ("query_IDX", {"query_IDX": [[0]]}, r"expected tracklets 1 to 5 .* came 0 to 0"),
        ("query_IDX", {"query_IDX": [[1.5]]}, "expected query_IDX .* to hold whole numbers"),
        ("query_IDX", {"query_IDX": np.empty((0, 0))}, "expected query_IDX .* whole numbers"),
        ("query_IDX", {"a": [1], "b": [2]}, "expected a variable query_IDX .*; found: a, b"),
        ("tracks_train_info", {"x": [[1, 2, 1, 1], [3, 7, 1, 6]]}, "row 2: expected lines 1 to 6"),
        ("tracks_train_info", {"x": [[1, 2, 9, 1]]}, "says identity 9 and camera 1 for bbox_train"),
        ("tracks_train_info", {"x": [[1, 2, 9]]}, "expected four columns"),
    ],
)
def test_tables_of_mars_that_do_not_fit(
    tmp_path: Path, name: str, variables: dict[str, object], reason: str
) -> None:
    root = write_mars(tmp_path)
    savemat(root / "info" / f"{name}.mat", variables)
    with pytest.raises(ValueError, match=reason):
        load_dataset("mars", root)


def write_ilids(root: Path) -> Path:
    # Folder numbers have gaps, frames are not written in their order.
    for camera in (1, 2):
        for person in (1, 2, 5, 319):
            for frame in (317, 9, 1000, 99):
                folder = root / "i-LIDS-VID" / "sequences" / f"cam{camera}" / f"person{person:03d}"
                touch(folder / f"cam{camera}_person{person:03d}_{frame:05d}.png")
    path = root / "train-test people splits" / "train_test_splits_ilidsvid.mat"
    path.parent.mkdir()
    savemat(path, {"ls_set": np.array([[4, 1, 2, 3], [2, 3, 1, 4]], dtype=np.uint16)})
    return root


def test_ilids_counts_folders_and_sorts_frames(tmp_path: Path) -> None:
    write_ilids(tmp_path / "iLIDS")
    records = load_dataset("ilids_vid", tmp_path)
    order = [9, 99, 317, 1000]
    assert tracklets(records) == [
        (0, "query", 1, 1, order),
        (1, "train", 2, 1, order),
        (2, "train", 5, 1, order),
        (3, "query", 319, 1, order),
        (4, "gallery", 1, 2, order),
        (5, "train", 2, 2, order),
        (6, "train", 5, 2, order),
        (7, "gallery", 319, 2, order),
    ]
    other = load_dataset("ilids_vid", tmp_path, split=1)
    assert sorted(set(other.split("query").pids)) == [2, 5]
    with pytest.raises(ValueError, match="split must be 0 to 1, came 2"):
        load_dataset("ilids_vid:split=2", tmp_path)


def test_ilids_people_must_fit_the_splits(tmp_path: Path) -> None:
    write_ilids(tmp_path)
    touch(tmp_path / "i-LIDS-VID/sequences/cam1/person007/cam1_person007_00001.png")
    with pytest.raises(ValueError, match="expected the same people"):
        load_dataset("ilids_vid", tmp_path)
    touch(tmp_path / "i-LIDS-VID/sequences/cam2/person007/cam2_person007_00001.png")
    with pytest.raises(ValueError, match="orders 4 people, there are 5 folders"):
        load_dataset("ilids_vid", tmp_path)


def write_prid(root: Path) -> Path:
    lengths = {"cam_a": {1: 3, 2: 3, 3: 2, 4: 9, 201: 9}, "cam_b": {1: 4, 2: 3, 3: 9, 4: 3, 201: 9}}
    for camera, people in lengths.items():
        for person, frames in people.items():
            for frame in range(1, frames + 1):
                touch(root / "multi_shot" / camera / f"person_{person:04d}" / f"{frame:04d}.png")
    splits = [
        {"train": ["person_0001"], "test": ["person_0002", "person_0004"]},
        {"train": ["person_0004"], "test": ["person_0001"]},
    ]
    (root.parent / "splits_prid2011.json").write_text(json.dumps(splits))
    return root


def test_prid_published_splits(tmp_path: Path) -> None:
    write_prid(tmp_path / "prid_2011")
    assert tracklets(load_dataset("prid2011:split=1", tmp_path)) == [
        (0, "query", 1, 1, [1, 2, 3]),
        (1, "train", 4, 1, list(range(1, 10))),
        (2, "gallery", 1, 2, [1, 2, 3, 4]),
        (3, "train", 4, 2, [1, 2, 3]),
    ]
    with pytest.raises(ValueError, match="holds 2 splits; split 2 is not one"):
        load_dataset("prid2011:split=2", tmp_path)


def test_prid_drawn_splits(tmp_path: Path) -> None:
    write_prid(tmp_path / "prid_2011")
    drawn = [
        load_dataset("prid2011", tmp_path, splits="random", split=seed, min_frames=3)
        for seed in (0, 0, 1, 2, 3, 4)
    ]
    # 3 has too few frames in camera a; 201 is somebody else in camera b.
    assert set(drawn[0].pids) == {1, 2, 4}
    assert drawn[0].table.equals(drawn[1].table)
    assert len({tuple(set(records.split("train").pids)) for records in drawn}) > 1
    with pytest.raises(ValueError, match=r"at least two people with 27 frames .* found 0"):
        load_dataset("prid2011:splits=random", tmp_path)


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
def test_prid_splits_that_do_not_fit(tmp_path: Path, text: str | None, reason: str) -> None:
    root = write_prid(tmp_path / "prid_2011")
    path = tmp_path / "splits_prid2011.json"
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(ValueError, match=reason):
        load_dataset("prid2011", root)


def test_dukemtmc_videoreid_reads_both_grammars(tmp_path: Path) -> None:
    home = tmp_path / "DukeMTMC-VideoReID"
    for name in (
        "train/0001/0000/0001C6F0002X30831.jpg",
        "train/0001/0000/0001C6F0001X30823.jpg",
        "train/0001/0001/0001_C2_F0001_X00007.jpg",
        "query/0005/0000/0005_C1_F0001_X48560.jpg",
        "gallery/0005/0001/0005C2F0001X48560.jpg",
        "gallery/7001/0000/7001C8F0001X00100.jpg",
    ):
        touch(home / name)
    assert tracklets(load_dataset("dukemtmc_videoreid", tmp_path)) == [
        (0, "train", 1, 6, [30823, 30831]),
        (1, "train", 1, 2, [7]),
        (2, "query", 5, 1, [48560]),
        (3, "gallery", 5, 2, [48560]),
        (4, "gallery", 7001, 8, [100]),
    ]
    touch(home / "train/0002/0000/0001C6F0002X30831.jpg")
    with pytest.raises(
        ValueError, match=r"1 images .* another identity's folder .* train/0002/0000"
    ):
        load_dataset("dukemtmc_videoreid", tmp_path)


def test_ccvid(tmp_path: Path) -> None:
    lists = {
        "train": [
            "session1/001_01\t001\tu0_l0_s0_c0_a0",
            "",
            "session3/001_02 001 u1_l0_s0_c0_a0 ",
        ],
        "query": ["session1/100_01\t100\tu0_l0_s0_c0_a0"],
        "gallery": ["session2/100_12\t100\tu0_l0_s0_c0_a0"],
    }
    home = tmp_path / "CCVID"
    for split, lines in lists.items():
        for line in filter(None, lines):
            for frame in (10, 9):
                touch(home / line.split()[0] / f"{frame}.jpg")
        (home / f"{split}.txt").write_text("\n".join(lines))
    records = load_dataset("ccvid", tmp_path)
    assert tracklets(records) == [
        (0, "train", 1, 1, [9, 10]),
        (1, "train", 1, 14, [9, 10]),
        (2, "query", 100, 1, [9, 10]),
        (3, "gallery", 100, 12, [9, 10]),
    ]
    assert records.table["clothes_id"].tolist() == [0, 0, 1, 1, 2, 2, 2, 2]
    assert records.table["sequence"].tolist() == [1, 1, 3, 3, 1, 1, 2, 2]
    with (home / "query.txt").open("a") as file:
        file.write("\n../001_01 001 u0\n")
    with pytest.raises(ValueError, match=r"query.txt, line 2: expected a line like"):
        load_dataset("ccvid", tmp_path)
    (home / "query.txt").write_text("\n")
    with pytest.raises(ValueError, match=r"query.txt is empty"):
        load_dataset("ccvid", tmp_path)


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
