"""Sequences in the layout of the MOT challenge, and the crops that come out of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reid_data import cli, load_dataset, read_image
from reid_data.console import run
from reid_data.tracking.cutting import cut_crops, plan_crops
from reid_data.tracking.sequences import find_sequences, read_boxes, read_sequence

SIZE = (120, 160)
COLOURS = {1: (250, 10, 10), 2: (10, 250, 10), 3: (10, 10, 250)}


def write_sequence(folder: Path, lines: list[str], *, frames: int = 3, digits: int = 6) -> Path:
    """Frames in which the person of each counted line is a rectangle of one colour."""
    (folder / "gt").mkdir(parents=True)
    (folder / "img1").mkdir()
    (folder / "gt" / "gt.txt").write_text("\n".join(lines) + "\n")
    (folder / "seqinfo.ini").write_text(
        f"[Sequence]\nname={folder.name}\nimDir=img1\nframeRate=25\nseqLength={frames}\n"
        "imWidth=160\nimHeight=120\nimExt=.jpg\n\n"
    )
    for frame in range(1, frames + 1):
        image = np.full((*SIZE, 3), 128, np.uint8)
        for line in filter(str.strip, lines):
            number, who, left, top, width, height = (float(part) for part in line.split(",")[:6])
            if number == frame and who in COLOURS:
                x, y = max(round(left) - 1, 0), max(round(top) - 1, 0)
                image[y : round(top - 1 + height), x : round(left - 1 + width)] = COLOURS[int(who)]
        Image.fromarray(image).save(folder / "img1" / f"{frame:0{digits}d}.jpg", quality=95)
    return folder


MOT17 = [
    "1,1,11,21,20,40,1,1,1",
    "3,1,13,21,20,40,1,1,0.5",
    "1,2,100.5,31,24,48,1,1,0.9",
    "2,2,150,31,24,48,1,1,0.9",  # reaches out of the frame
    "",
    "2,1,12,21,20,40,1,1,0.1",  # hidden
    "1,3,51,21,20,40,0,1,1",  # does not count
    "1,9,51,21,20,40,1,8,1",  # a distractor
    "2,8,51,21,10,20,1,1,1",  # small
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    home = tmp_path / "sets"
    for detector in ("DPM", "FRCNN", "SDP"):
        write_sequence(home / "MOT17" / "train" / f"MOT17-02-{detector}", MOT17)
    dance = ["1,1,11,21,20,40,1,1,1", "1, 2, 60, 21, 20, 40", "2,1,12,21,20,40,-1,-1,-1,-1"]
    write_sequence(home / "dancetrack" / "val" / "dancetrack0004", dance, frames=2, digits=8)
    (home / "MOT17" / "test" / "MOT17-01-DPM" / "img1").mkdir(parents=True)
    return home


def test_crops_hold_their_person_time_and_visibility(root: Path, tmp_path: Path) -> None:
    finished: list[int] = []
    records = cut_crops(plan_crops(root), tmp_path / "out", workers=2, advance=finished.append)
    assert sum(finished) == 5  # frames with somebody
    table = records.table.set_index("path")
    columns = ["split", "pid", "tracklet", "sequence", "frame", "timestamp", "visibility"]
    rows = table[columns].astype(object).replace({np.nan: None})
    assert rows.to_dict("index") == {
        path: dict(zip(columns, values, strict=True))
        for path, values in {
            "MOT17/train/MOT17-02-DPM/000001_000001.jpg": ("train", 0, 0, 0, 1, 0.0, 1.0),
            "MOT17/train/MOT17-02-DPM/000002_000001.jpg": ("train", 1, 1, 0, 1, 0.0, 0.9),
            "MOT17/train/MOT17-02-DPM/000002_000002.jpg": ("train", 1, 1, 0, 2, 0.04, 0.9),
            "MOT17/train/MOT17-02-DPM/000001_000003.jpg": ("train", 0, 0, 0, 3, 0.08, 0.5),
            "dancetrack/val/dancetrack0004/000001_000001.jpg": ("val", 2, 2, 1, 1, 0.0, 1.0),
            "dancetrack/val/dancetrack0004/000002_000001.jpg": ("val", 3, 3, 1, 1, 0.0, None),
            "dancetrack/val/dancetrack0004/000001_000002.jpg": ("val", 2, 2, 1, 2, 0.04, None),
        }.items()
    }
    assert (records.camids == -1).all()
    for path, who in zip(records.paths, (1, 2, 2, 1), strict=False):
        pixels = read_image(path)
        np.testing.assert_allclose(pixels[4:-4, 4:-4].mean(axis=(0, 1)), COLOURS[who], atol=12)
    assert read_image(records.paths[0]).shape == (40, 20, 3)
    assert read_image(records.paths[2]).shape == (48, 11, 3)
    again = load_dataset("mot_sequences", tmp_path / "out")
    assert again.table.equals(records.table)
    assert load_dataset("csv", tmp_path / "out" / "records.parquet").table.equals(records.table)
    assert set(again.split("train").as_query_gallery(seed=0).table["split"]) == {"query", "gallery"}


def test_who_is_left_out_is_the_users_choice(root: Path) -> None:
    def count(**options: float) -> int:
        return len(plan_crops(root / "MOT17", **options).table)  # type: ignore[arg-type]

    assert count() == 4
    assert count(min_visibility=0) == 5
    assert count(min_height=20) == 5
    assert count(every=2) == 3
    assert len(plan_crops(root, classes=(1, 8)).table) == 8
    with pytest.raises(ValueError, match=r"no box in .* is 500 pixels high"):
        count(min_height=500)
    with pytest.raises(ValueError, match="expected min_visibility from 0 to 1"):
        count(min_visibility=2)


def test_sequences_of_one_name_stay_apart(tmp_path: Path) -> None:
    for split in ("train", "val"):
        write_sequence(tmp_path / split / "a", ["1,1,11,21,20,40,1,1,1"])
    table = plan_crops(tmp_path).table
    assert table[["path", "split", "pid"]].to_numpy().tolist() == [
        ["train/a/000001_000001.jpg", "train", 0],
        ["val/a/000001_000001.jpg", "val", 1],
    ]


def test_boxes_beside_the_frame_are_left_out(tmp_path: Path) -> None:
    lines = ["1,1,11,21,20,40,1,1,1", "1,2,170,31,24,48,1,1,1", "1,3,-50,31,24,48,1,1,1"]
    folder = write_sequence(tmp_path / "a", lines)
    records = cut_crops(plan_crops(folder), tmp_path / "out")
    assert records.table["path"].tolist() == ["a/000001_000001.jpg"]
    write_sequence(tmp_path / "b" / "a", lines[1:])
    with pytest.raises(ValueError, match="no box lies within its frame"):
        cut_crops(plan_crops(tmp_path / "b"), tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1,1,2,3,4", "line 2: expected frame, id, left"),
        ("1,x,2,3,4,5", "line 2: .* came '1,x,2,3,4,5'"),
        ("1,1.5,2,3,4,5", "line 2"),
        ("1,1,nan,3,4,5", "line 2"),
        ("1e99,1,2,3,4,5", "line 2"),
        ("1,1,2,3,4,5,1,1,1", "has id 1 twice in frame 1"),
        ("7,1,2,3,40,50,1,1,1", "has boxes in frame 7, which is not among the 3 frames"),
    ],
)
def test_broken_ground_truth_is_refused(tmp_path: Path, line: str, reason: str) -> None:
    folder = write_sequence(tmp_path / "a", ["1,1,11,21,20,40,1,1,1"])
    with (folder / "gt" / "gt.txt").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(ValueError, match=reason):
        plan_crops(tmp_path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "does not describe a sequence"),
        ("[Sequence]\nframeRate=x", "does not describe a sequence"),
        ("[Sequence]\nframeRate=0", "says 0 frames a second"),
        ("[Sequence]\nframeRate=nan", "says nan frames a second"),
        ("[Sequence]\nframeRate=25\nimDir=../secret", "expected a folder beside it"),
        ("[Sequence]\nframeRate=25\nimDir=other", "expected a folder at .*other"),
    ],
)
def test_broken_sequence_files_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    folder = write_sequence(tmp_path / "a", ["1,1,11,21,20,40"])
    (folder / "seqinfo.ini").write_text(text)
    with pytest.raises(ValueError, match=reason):
        read_sequence(folder)


@given(st.text("0123456789,.-e nax\n", max_size=60))
def test_any_ground_truth_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "gt.txt"
    path.write_text(text)
    try:
        boxes = read_boxes(path)
    except ValueError as error:
        assert str(path) in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert (boxes[["width", "height"]] > 0).all(axis=None)


def test_without_sequences_one_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    with pytest.raises(
        ValueError, match=r"expected sequences with gt/gt.txt .* found there: notes/"
    ):
        find_sequences(tmp_path)
    with pytest.raises(ValueError, match=r"cut them out .* reid-data crops --root"):
        load_dataset("mot_sequences", tmp_path)


def test_the_verb(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def call(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["reid-data", "crops", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            run(cli.app)
        return int(caught.value.code or 0)

    assert call("--root", root, "--out", tmp_path / "out", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(row["split"], row["identities"], row["images"]) for row in listed] == [
        ("train", 2, 4),
        ("val", 2, 3),
    ]
    assert call("--root", root, "--out", tmp_path / "out") == 2
    assert "exists and is not an empty folder" in capsys.readouterr().err
