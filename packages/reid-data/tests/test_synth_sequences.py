"""Tracking sequences and videos of synthetic people, as they lie on the disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from reid_data import read_image
from reid_data.attribute_sets.upar import UPAR_NAMES
from reid_data.synth import synthesize
from reid_data.tracking.sequences import find_sequences, read_boxes, read_sequence
from reid_data.videos import probe_video, read_video

SMALL = {"height": 64, "width": 32, "tracklet_length": 6, "seed": 3}


def write(root: Path, layout: str, **more: Any) -> Path:
    synthesize(root, layout=layout, **{**SMALL, **more})
    return root


def test_mot17_repeats_a_sequence_and_lists_what_does_not_count(tmp_path: Path) -> None:
    root = write(tmp_path / "MOT17", "mot17")
    copies = sorted((root / "train").iterdir())
    assert [copy.name for copy in copies] == [f"MOT17-02-{it}" for it in ("DPM", "FRCNN", "SDP")]
    assert len({(copy / "gt/gt.txt").read_text() for copy in copies}) == 1
    assert [copy.name for copy in find_sequences(root)] == ["MOT17-02-DPM"]
    assert not list((root / "test").rglob("gt.txt"))
    sequence = read_sequence(copies[0])
    assert (sequence.rate, sorted(sequence.frames)) == (30.0, [1, 2, 3, 4, 5, 6])
    assert read_image(sequence.frames[1]).shape == (176, 320, 3)
    rows = np.loadtxt(copies[0] / "gt/gt.txt", delimiter=",")
    assert set(rows[:, 6]) == {0, 1}
    assert set(rows[rows[:, 6] == 1, 7]) == {1}
    assert (rows[rows[:, 6] == 0, 7] > 1).all()
    assert (np.lexsort((rows[:, 0], rows[:, 1])) == np.arange(len(rows))).all()
    boxes = read_boxes(sequence.ground_truth)
    assert boxes["visibility"].between(0, 1).all()
    assert boxes["visibility"].nunique() > 3
    reach = boxes["left"] + boxes["width"]
    assert ((boxes["left"] < 0) | (reach > 320) | (boxes["top"] + boxes["height"] > 176)).any()
    assert "name=MOT17-02-SDP\n" in (copies[2] / "seqinfo.ini").read_text()
    facts = json.loads((root / "synth.json").read_text())
    assert (facts["layout"], facts["seed"]) == ("mot17", 3)


def test_crowds_dancers_and_players(tmp_path: Path) -> None:
    crowd = read_boxes(write(tmp_path / "a", "mot20") / "train/MOT20-01/gt/gt.txt")
    assert crowd.groupby("frame").size().min() >= 10
    dance = write(tmp_path / "b", "dancetrack")
    assert (dance / "train/dancetrack0001/img1/00000006.jpg").is_file()
    assert [it.parent.name for it in find_sequences(dance)] == ["train", "val"]
    boxes = read_boxes(dance / "val/dancetrack0002/gt/gt.txt")
    assert set(boxes.groupby("frame").size()) == {6}
    assert (boxes["visibility"] == 1).all()
    sport = write(tmp_path / "c", "sportsmot")
    names = [(sport / f"splits_txt/{it}.txt").read_text() for it in ("train", "val", "test")]
    assert names == [f"v_synthetic0{at}_c001\n" for at in (1, 2, 3)]
    text = (sport / "dataset/train/v_synthetic01_c001/gt/gt.txt").read_text()
    assert text.startswith("1, 0, ")
    boxes = read_boxes(sport / "dataset/train/v_synthetic01_c001/gt/gt.txt")
    assert sorted(set(boxes["id"])) == list(range(10))
    for sides in (boxes["left"], 320 - boxes["left"] - boxes["width"]):
        assert sides.min() >= 0


def test_videos_have_the_truth_beside_them(tmp_path: Path) -> None:
    root = write(tmp_path / "out", "video", cameras=2, tracklet_length=8)
    info = probe_video(root / "camera1.mp4")
    assert (info.codec, info.frames, info.rate) == ("h264", 8, 25.0)
    assert len(list(read_video(root / "camera2.mp4"))) == 8
    attributes = pd.read_csv(root / "attributes.csv", index_col="pid")
    assert tuple(attributes.columns) == tuple(UPAR_NAMES)
    tables = [pd.read_csv(root / f"camera{camid}.csv") for camid in (1, 2)]
    for table in tables:
        assert len(table)
        assert table["frame"].between(0, 7).all()
        assert not table.duplicated(["frame", "pid"]).any()
        assert np.allclose(table["timestamp"], table["frame"] / 25)
        assert set(table["pid"]) <= set(attributes.index)
        nose = (table["nose_x"] - table["left"]) / table["width"]
        assert nose.between(-0.1, 1.1).all()
        assert (table["left_ankle_y"] > table["nose_y"]).all()
    assert not list(root.glob("records.csv"))


def test_the_same_arguments_write_the_same_bytes(tmp_path: Path) -> None:
    few: dict[str, Any] = {"cameras": 2, "tracklet_length": 3, "identities": 4}
    roots = [write(tmp_path / name, "video", **few) for name in "ab"]
    files = [{it.name: it.read_bytes() for it in root.iterdir()} for root in roots]
    assert files[0] == files[1]
    other = write(tmp_path / "c", "video", **few | {"seed": 4})
    assert (other / "camera1.mp4").read_bytes() != files[0]["camera1.mp4"]


def test_the_frames_of_a_video_are_those_of_the_folder(tmp_path: Path) -> None:
    few: dict[str, Any] = {"identities": 5, "test_identities": 1, "tracklet_length": 3}
    images = write(tmp_path / "a", "dancetrack", cameras=2, **few)
    video = write(tmp_path / "b", "dancetrack:frames=video", cameras=2, **few)
    place = "train/dancetrack0001"
    assert (images / place / "gt/gt.txt").read_text() == (video / place / "gt/gt.txt").read_text()
    decoded = list(read_video(video / place / "dancetrack0001.mp4"))
    for number, frame in enumerate(decoded, start=1):
        picture = read_image(images / place / f"img1/{number:08d}.jpg").astype(float)
        assert np.abs(picture - frame).mean() < 12
    with pytest.raises(ValueError, match="frames must be images or video"):
        write(tmp_path / "c", "mot20:frames=film")
