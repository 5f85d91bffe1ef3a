"""Crops out of video files: the same people as out of frames, and broken videos refused."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from reid_data import cli, read_image
from reid_data.console import run
from reid_data.synth import synthesize
from reid_data.tracking.cutting import cut_crops, plan_crops
from reid_data.tracking.sequences import read_sequence
from reid_data.videos import probe_video, read_video, write_video

FEW: dict[str, Any] = {
    "cameras": 2, "identities": 6, "test_identities": 2, "tracklet_length": 12, "seed": 3,
    "height": 64, "width": 32,
}  # fmt: skip
SEQUENCE = "train/MOT20-01"


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same people as frames and as videos."""
    home = tmp_path_factory.mktemp("sequences")
    for kind in ("images", "video"):
        synthesize(home / kind, layout=f"mot20:frames={kind}", **FEW)
    return {kind: home / kind for kind in ("images", "video")}


@pytest.fixture
def sequence(roots: dict[str, Path], tmp_path: Path) -> Path:
    """A copy of the sequence with the video, to be spoilt."""
    shutil.copytree(roots["video"] / SEQUENCE, tmp_path / "MOT20-01")
    return tmp_path / "MOT20-01"


def video_of(sequence: Path) -> Path:
    return sequence / "MOT20-01.mp4"


def test_crops_of_a_video_are_those_of_its_frames(roots: dict[str, Path], tmp_path: Path) -> None:
    finished: list[int] = []
    options: dict[str, Any] = {"min_height": 12, "min_visibility": 0.0}
    plan = plan_crops(roots["video"], **options)
    of_video = cut_crops(plan, tmp_path / "a", advance=finished.append)
    of_frames = cut_crops(plan_crops(roots["images"], **options), tmp_path / "b")
    assert of_video.table.equals(of_frames.table)
    assert len(of_video) > 40
    assert sum(finished) == len(plan) == 12
    times = of_video.table["timestamp"] * 25 + 1
    assert np.allclose(times, of_video.table["frame"].astype(float))
    errors = []
    for one, other in zip(of_video.paths, of_frames.paths, strict=True):
        pictures = [read_image(path).astype(float) for path in (one, other)]
        assert pictures[0].shape == pictures[1].shape
        errors.append(np.mean((pictures[0] - pictures[1]) ** 2))
    # a frame too early or too late falls below 24 dB
    assert 10 * np.log10(255**2 / np.mean(errors)) > 27
    cut = of_video.table["left"] + of_video.table["width"] > 320
    cut |= (of_video.table["left"] < 0) | (of_video.table["top"] + of_video.table["height"] > 176)
    assert cut.any()


def test_every_frame_is_cut_at_its_own_number(tmp_path: Path) -> None:
    """Frames of known brightness, so that one cannot be taken for another."""
    levels = [20 * number for number in range(1, 11)]
    folder = tmp_path / "a"
    (folder / "gt").mkdir(parents=True)
    grey = (np.full((64, 96, 3), level, np.uint8) for level in levels)
    assert write_video(folder / "any.MP4", grey, rate=10) == 10
    lines = [f"{frame},1,11,5,20,40,1,1,1" for frame in (2, 3, 9)]
    (folder / "gt/gt.txt").write_text("\n".join(lines))
    records = cut_crops(plan_crops(folder), tmp_path / "out")
    assert [round(read_image(path).mean(), -1) for path in records.paths] == [40, 60, 180]
    # without seqinfo.ini the clock is the video's
    assert records.table["timestamp"].tolist() == pytest.approx([0.1, 0.2, 0.8])
    assert plan_crops(folder, every=2).table["frame"].tolist() == [3, 9]


def test_boxes_behind_the_end_are_refused_before_decoding(sequence: Path) -> None:
    with (sequence / "gt/gt.txt").open("a") as file:
        file.write("13,99,10,10,40,90,1,1,1\n")
    with pytest.raises(ValueError, match=r"has boxes in frame 13, .* among the 12 frames"):
        plan_crops(sequence)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda data: data[: len(data) // 2], r"is no readable video: invalid data found"),
        (lambda data: b"", "is no readable video"),
        (lambda data: b"frames " * 99, "is no readable video"),
    ],
)
def test_what_is_no_video_is_refused_at_once(sequence: Path, spoil: Any, reason: str) -> None:
    data = video_of(sequence).read_bytes()
    video_of(sequence).write_bytes(spoil(data))
    with pytest.raises(ValueError, match=rf"MOT20-01\.mp4 {reason}"):
        plan_crops(sequence)


def test_damage_within_a_video_is_found(sequence: Path, tmp_path: Path) -> None:
    data = bytearray(video_of(sequence).read_bytes())
    quarter = len(data) // 4
    data[quarter : 3 * quarter] = bytes(2 * quarter)
    video_of(sequence).write_bytes(data)
    plan = plan_crops(sequence, min_height=12)
    with pytest.raises(ValueError, match=r"\.mp4 is (damaged|no readable video)"):
        cut_crops(plan, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_video_that_ends_too_early_is_refused(sequence: Path, tmp_path: Path) -> None:
    frames = list(read_video(video_of(sequence)))
    container = sequence / "MOT20-01.mkv"  # does not count its frames
    with av.open(str(container), "w") as out:
        add_frames(out, frames[:7])
    video_of(sequence).unlink()
    assert probe_video(container).frames is None
    plan = plan_crops(sequence, min_height=12)
    with pytest.raises(ValueError, match="ends after frame 7, but has boxes up to frame 12"):
        cut_crops(plan, tmp_path / "out")
    (sequence / "seqinfo.ini").unlink()
    with pytest.raises(ValueError, match="does not tell how many frames it has; write seqLength"):
        read_sequence(sequence)


def add_frames(out: Any, frames: list[np.ndarray]) -> None:
    stream = out.add_stream("libx264", rate=Fraction(25))
    stream.height, stream.width = frames[0].shape[:2]
    for frame in frames:
        out.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
    out.mux(stream.encode())


def test_a_change_of_size_is_refused(sequence: Path, tmp_path: Path) -> None:
    def sized(height: int) -> Iterator[np.ndarray]:
        return (np.full((height, 320, 3), 90, np.uint8) for _ in range(6))

    parts = []
    for height in (176, 128):
        part = tmp_path / f"{height}.ts"
        with av.open(str(part), "w", format="mpegts") as out:
            add_frames(out, list(sized(height)))
        parts.append(part.read_bytes())
    video_of(sequence).unlink()
    (sequence / "all.ts").write_bytes(b"".join(parts))
    with pytest.raises(ValueError, match="320 x 128 pixels, those before it are 320 x 176"):
        cut_crops(plan_crops(sequence, min_height=12), tmp_path / "out")


def test_two_videos_are_one_too_many(sequence: Path) -> None:
    shutil.copy(video_of(sequence), sequence / "other.avi")
    with pytest.raises(ValueError, match=r"one video in .*, found 2 videos: MOT20-01.mp4, other"):
        read_sequence(sequence)


@pytest.mark.parametrize(
    ("frames", "options", "reason"),
    [
        ([], {}, "no frames to write"),
        ([(33, 32)], {}, "even sides, came frames of 32 x 33"),
        ([(32, 32), (32, 34)], {}, r"frame 2 is \(32, 34, 3\)"),
        ([(32, 32)], {"rate": 0}, "expected a rate"),
        ([(32, 32)], {"quality": 52}, "expected a rate to 1000 and a quality to 51"),
    ],
)
def test_what_cannot_be_written_leaves_no_file(
    tmp_path: Path, frames: list[tuple[int, int]], options: dict[str, Any], reason: str
) -> None:
    images = [np.zeros((*size, 3), np.uint8) for size in frames]
    with pytest.raises(ValueError, match=reason):
        write_video(tmp_path / "a.mp4", images, **options)
    assert not list(tmp_path.iterdir())


def test_the_verb_takes_videos(
    roots: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def call() -> int:
        arguments = ["crops", "--root", roots["video"], "--out", tmp_path / "out"]
        monkeypatch.setattr(sys, "argv", ["reid-data", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            run(cli.app)
        return int(caught.value.code or 0)

    assert call() == 0
    assert (tmp_path / "out/records.parquet").is_file()
    capsys.readouterr()
    shutil.rmtree(tmp_path / "out")
    monkeypatch.setitem(sys.modules, "av", None)
    assert call() == 2
    assert "pip install 'reid-data[video]'" in capsys.readouterr().err
