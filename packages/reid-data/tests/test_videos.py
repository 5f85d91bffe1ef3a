"""Frames of videos have their times and stand upright."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from reid_data.videos import open_video_writer, probe_video, read_frames, read_video, write_video

GREYS = [np.full((48, 64, 3), level, np.uint8) for level in range(20, 220, 20)]


@pytest.mark.parametrize("rate", [25, 30_000 / 1001, 24_000 / 1001, 7.5])
def test_rate_and_times_come_back_exactly(tmp_path: Path, rate: float) -> None:
    assert write_video(tmp_path / "a.mp4", GREYS, rate=rate) == len(GREYS)
    assert probe_video(tmp_path / "a.mp4").rate == rate
    frames = list(read_frames(tmp_path / "a.mp4"))
    assert [frame.number for frame in frames] == list(range(len(GREYS)))
    times = [number / rate for number in range(len(GREYS))]
    assert [frame.seconds for frame in frames] == pytest.approx(times, abs=1e-12)


def test_frames_that_are_not_evenly_spaced_keep_their_times(tmp_path: Path) -> None:
    times = np.random.default_rng(0).uniform(0.02, 0.3, len(GREYS)).cumsum()
    times -= times[0]
    with open_video_writer(tmp_path / "a.mp4", rate=10) as writer:
        for image, seconds in zip(GREYS, times, strict=True):
            writer.write(image, seconds=seconds)
    found = list(read_frames(tmp_path / "a.mp4"))
    assert [frame.seconds for frame in found] == pytest.approx(times, abs=1e-5)
    assert [round(frame.pixels.mean(), -1) for frame in found] == list(range(20, 220, 20))


def test_frames_of_one_moment_are_all_written(tmp_path: Path) -> None:
    with open_video_writer(tmp_path / "a.mp4") as writer:
        for image in GREYS:
            writer.write(image, seconds=1.0)
    assert len(list(read_video(tmp_path / "a.mp4"))) == writer.count == len(GREYS)


def test_a_camera_held_upright_gives_upright_frames(tmp_path: Path) -> None:
    image = np.zeros((48, 64, 3), np.uint8)
    image[:, 32:] = 200  # bright at the right
    write_video(tmp_path / "a.mp4", [image, image])
    data = bytearray((tmp_path / "a.mp4").read_bytes())
    # The matrix of the track header, as phones write it: turned by 90 degrees clockwise.
    straight = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
    turned = struct.pack(">9i", 0, 65536, 0, -65536, 0, 0, 48 * 65536, 0, 1 << 30)
    at = data.index(straight, data.index(b"tkhd"))
    data[at : at + len(turned)] = turned
    (tmp_path / "a.mp4").write_bytes(data)
    for pixels in read_video(tmp_path / "a.mp4"):
        assert pixels.shape == (64, 48, 3)
        assert pixels[:24].mean() < 20
        assert pixels[40:].mean() > 180


def test_the_same_frames_make_the_same_bytes_whatever_memory_held_before(tmp_path: Path) -> None:
    script = tmp_path / "encode.py"
    script.write_text(
        "import sys, numpy as np\nfrom pathlib import Path\n"
        "from reid_data.videos import write_video\n"
        "noise = np.random.default_rng(0).integers(0, 255, (22, 40, 3), np.uint8)\n"
        "image = noise.repeat(8, 0).repeat(8, 1)\n"
        "write_video(Path(sys.argv[1]), [np.roll(image, 3 * n, 1) for n in range(30)], rate=25)\n"
    )
    made = []
    for filling in ("3", "200"):  # what glibc puts into memory that it hands out
        target = tmp_path / f"{filling}.mp4"
        command = [sys.executable, str(script), str(target)]
        subprocess.run(command, check=True, env={**os.environ, "MALLOC_PERTURB_": filling})
        made.append(target.read_bytes())
    assert made[0] == made[1]


def test_nothing_written_leaves_no_file(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="no frames to write"),
        open_video_writer(tmp_path / "a.mp4"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []
