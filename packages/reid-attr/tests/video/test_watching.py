"""Clips watched from end to end: synthetic people whose boxes, tracks and attributes are known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from reid_attr import create_attribute_model, save_attribute_model
from reid_attr.cli import app
from reid_attr.video.box_files import read_box_file
from reid_attr.video.measuring import compare_tracks
from reid_data.synth import synthesize
from reid_data.videos import open_video_writer, probe_video, read_frames, read_video, write_video

SIZE = (64, 32)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A street with people, its boxes in the CSV file of the same name."""
    folder = tmp_path_factory.mktemp("street")
    synthesize(
        folder / "clip", layout="video", identities=5, test_identities=1, cameras=2,
        tracklet_length=60, height=64, width=32, seed=4,
    )  # fmt: skip
    return folder / "clip" / "camera1.mp4"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    network = create_attribute_model("timm:resnet10t", schema="upar", image_size=SIZE)
    folder = tmp_path_factory.mktemp("model")
    save_attribute_model(network, folder)
    return folder


def watch(*arguments: object) -> None:
    app(["video", *map(str, arguments)], standalone_mode=False)


def plain(folder: Path, count: int = 6, *, size: tuple[int, int] = (48, 64)) -> Path:
    greys = (np.full((*size, 3), 20 * step, np.uint8) for step in range(count))
    write_video(folder / "plain.mp4", greys)
    return folder / "plain.mp4"


def test_a_street_from_end_to_end(clip: Path, model: Path, tmp_path: Path, capsys: Any) -> None:
    boxes, out = clip.with_suffix(".csv"), tmp_path / "out" / "seen.mp4"
    watch(
        clip, "-o", out, "--model", model, "--detector", "boxes", "--detector-file", boxes,
        "--stride", 3, "--crops", tmp_path / "crops", "--json",
    )  # fmt: skip
    said = json.loads(capsys.readouterr().out)
    assert json.loads(out.with_suffix(".json").read_text()) == said
    before, after = probe_video(clip), probe_video(out)
    assert (after.codec, after.rate, after.frames) == ("h264", before.rate, before.frames)
    assert (after.height, after.width) == (before.height, before.width)
    times = [[frame.seconds for frame in read_frames(path)] for path in (clip, out)]
    assert times[0] == pytest.approx(times[1], abs=1e-6)
    assert {path.name for path in out.parent.iterdir()} == {"seen.mp4", "seen.csv", "seen.json"}

    found = pd.read_csv(out.with_suffix(".csv"))
    truth = read_box_file(boxes)
    seen = truth[truth["score"] >= 0.5]
    agreement = compare_tracks(found, truth)
    assert agreement.purity >= 0.9
    assert agreement.completeness >= 0.9
    assert agreement.found >= 0.9 * len(seen) / len(truth)
    tracks = {track["track"]: track for track in said["tracks"]}
    assert set(tracks) == set(found["track"])
    for track, rows in found.groupby("track"):
        about = tracks[track]
        assert about["frames"] == len(rows)
        assert (about["first_frame"], about["last_frame"]) == (
            rows["frame"].min(),
            rows["frame"].max(),
        )
        assert len(rows) / 3 - 1 <= about["looks"] <= len(rows) / 3 + 2
        assert about["best"]["frame"] in set(rows["frame"])
        assert len(about["probabilities"]) == 40
        assert (tmp_path / "crops" / f"{track:06d}.jpg").is_file()

    # Something is drawn over everybody, and nothing where nobody and no label is.
    pairs = zip(read_video(clip), read_video(out), strict=True)
    changed = [np.abs(one.astype(int) - two).max(axis=2) > 60 for one, two in pairs]
    for number, rows in found.groupby("frame"):
        assert changed[number].any() == (len(rows) > 0)


def test_the_ids_of_the_boxes_can_be_kept(clip: Path, model: Path, tmp_path: Path) -> None:
    boxes, out = clip.with_suffix(".csv"), tmp_path / "seen.mp4"
    watch(
        clip, "-o", out, "--model", model, "--detector", "boxes", "--detector-file", boxes,
        "--keep-ids", "--stride", 10,
    )  # fmt: skip
    found, truth = pd.read_csv(out.with_suffix(".csv")), read_box_file(boxes)
    assert sorted(zip(found["frame"], found["track"], strict=True)) == sorted(
        zip(truth["frame"], truth["id"], strict=True)
    )


def test_looks_of_a_re_id_model_take_part(clip: Path, model: Path, tmp_path: Path) -> None:
    from reid_core import create_model, save_model

    save_model(create_model("timm:resnet10t", image_size=SIZE), tmp_path / "reid")
    boxes, out = clip.with_suffix(".csv"), tmp_path / "seen.mp4"
    watch(
        clip, "-o", out, "--model", model, "--detector", "boxes", "--detector-file", boxes,
        "--reid", tmp_path / "reid", "--stride", 10,
    )  # fmt: skip
    agreement = compare_tracks(pd.read_csv(out.with_suffix(".csv")), read_box_file(boxes))
    assert agreement.purity >= 0.9


def test_a_clip_with_nobody_is_written_and_said(model: Path, tmp_path: Path, capsys: Any) -> None:
    pytest.importorskip("cv2")
    source, out = plain(tmp_path, size=(200, 200)), tmp_path / "seen.mp4"
    watch(source, "-o", out, "--model", model, "--detector", "hog")
    assert "nobody was found in the 6 frames" in capsys.readouterr().err
    assert probe_video(out).frames == 6
    assert json.loads(out.with_suffix(".json").read_text())["tracks"] == []
    assert pd.read_csv(out.with_suffix(".csv")).empty


def test_uneven_times_are_kept(model: Path, tmp_path: Path) -> None:
    times = [0.0, 0.04, 0.3, 0.31, 0.9]
    with open_video_writer(tmp_path / "a.mp4") as writer:
        for level, seconds in enumerate(times):
            writer.write(np.full((48, 64, 3), 40 * level, np.uint8), seconds=seconds)
    (tmp_path / "a.csv").write_text("frame,left,top,width,height\n0,5,5,20,30\n1,5,5,20,30\n")
    watch(
        tmp_path / "a.mp4", "-o", tmp_path / "b.mp4", "--model", model, "--detector", "boxes",
        "--detector-file", tmp_path / "a.csv", "--batch-size", 2,
    )  # fmt: skip
    found = [frame.seconds for frame in read_frames(tmp_path / "b.mp4")]
    assert found == pytest.approx(times, abs=1e-4)


def spoilt(clip: Path, folder: Path, kind: str) -> Path:
    path = folder / "bad.mp4"
    data = bytearray(clip.read_bytes())
    if kind == "damaged":
        quarter = len(data) // 4
        data[quarter : 3 * quarter] = bytes(2 * quarter)
    path.write_bytes({"empty": b"", "text": b"no video " * 50}.get(kind, bytes(data)))
    return path


@pytest.mark.parametrize("kind", ["empty", "text", "damaged"])
def test_broken_videos_are_one_line_and_leave_nothing(
    clip: Path, model: Path, tmp_path: Path, kind: str
) -> None:
    source = spoilt(clip, tmp_path, kind)
    with pytest.raises(ValueError, match=r"bad\.mp4 is (damaged|no readable video)") as caught:
        watch(
            source, "-o", tmp_path / "out.mp4", "--model", model, "--detector", "boxes",
            "--detector-file", clip.with_suffix(".csv"), "--stride", 20,
        )  # fmt: skip
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.mp4"]


def test_a_video_whose_size_changes_is_one_line(model: Path, tmp_path: Path) -> None:
    """Two raw H.264 streams one after the other, as a camera that was set anew writes them."""
    import av

    path = tmp_path / "turned.h264"
    with path.open("wb") as file:
        for height, width in ((48, 64), (64, 96)):
            codec: Any = av.CodecContext.create("libx264", "w")
            codec.height, codec.width, codec.pix_fmt = height, width, "yuv420p"
            codec.framerate, codec.options = 25, {"preset": "ultrafast"}
            noise = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
            picture = av.VideoFrame.from_ndarray(noise, format="rgb24")
            for packet in [*(p for _ in range(9) for p in codec.encode(picture)), *codec.encode()]:
                file.write(bytes(packet))
    (tmp_path / "a.csv").write_text("frame,left,top,width,height\n0,5,5,20,30\n")
    with pytest.raises(ValueError, match=r"frame 10 .* is 96 x 64 .* expected one size"):
        watch(
            path, "-o", tmp_path / "out.mp4", "--model", model, "--detector", "boxes",
            "--detector-file", tmp_path / "a.csv",
        )  # fmt: skip
    assert not list(tmp_path.glob("*out*"))


def test_boxes_of_a_longer_clip_are_refused_at_once(
    clip: Path, model: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="has boxes in frame 59"):
        watch(
            plain(tmp_path), "-o", tmp_path / "out.mp4", "--model", model, "--detector", "boxes",
            "--detector-file", clip.with_suffix(".csv"),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["-o", "seen.avi"], r"--out must end in \.mp4"),
        (["--detector", "yolo"], "unknown detector 'yolo'"),
        (["--detector", "fasterrcnn_resnet50"], "did you mean 'fasterrcnn_resnet50_fpn"),
        (["--detector", "fasterrcnn_resnet50_fpn"], "needs the file of its weights"),
        (["--detector", "ssd300_vgg16", "--detector-file", "x.pth"], "there is nothing at"),
        (["--half-life", "0"], "a positive half_life"),
        (["-o", "plain.mp4"], "would write over"),
    ],
)
def test_bad_arguments_are_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], reason: str
) -> None:
    plain(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=reason) as caught:
        watch("plain.mp4", "--model", "none", "-o", "out.mp4", "--detector", "hog", *arguments)
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["plain.mp4"]


def test_ids_that_are_not_there_cannot_be_kept(model: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("frame,left,top,width,height\n0,5,5,20,30\n")
    with pytest.raises(ValueError, match="gives no ids"):
        watch(
            plain(tmp_path), "-o", tmp_path / "out.mp4", "--model", model, "--detector", "boxes",
            "--detector-file", tmp_path / "a.csv", "--keep-ids",
        )  # fmt: skip
