"""Sequences in the layout of the MOT challenge: their frames, their clock and their boxes.

Each is a folder, as in MOT17, MOT20, DanceTrack and SportsMOT::

    MOT17-02-FRCNN/seqinfo.ini       [Sequence] name, imDir, frameRate, seqLength, imExt ...
    MOT17-02-FRCNN/img1/000001.jpg   frames, counted from 1
    MOT17-02-FRCNN/gt/gt.txt         frame, id, left, top, width, height, counts, class, visibility

Instead of the folder of frames there may be one video file, of any name; then ``seqinfo.ini`` may
be missing, too. Frames of a video are counted from 1, as those of a folder.

Left and top count pixels from 1. ``counts`` is 0 for boxes that an evaluation ignores, class 1 is
a pedestrian. Older files end after the box, or have -1 where nothing is known.
"""

from __future__ import annotations

import configparser
import math
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from reid_data.datasets.frames import frames_of
from reid_data.datasets.listing import contents, subfolders
from reid_data.videos import VIDEO_ENDINGS, probe_video

__all__ = ["MotSequence", "find_sequences", "read_boxes", "read_sequence"]

_COLUMNS = ("frame", "id", "left", "top", "width", "height", "counts", "class", "visibility")
_BOX = 6  # columns without which there is no box
_DETECTORS = ("-DPM", "-FRCNN", "-SDP")
_UNKNOWN = -1


@dataclass(frozen=True)
class MotSequence:
    """One sequence.

    Attributes:
        folder: where it lies.
        name: the folder's name.
        frames: from frame number to the frame's file; of a video, every frame has the same one.
        rate: frames a second.
    """

    folder: Path
    name: str
    frames: dict[int, Path]
    rate: float

    @property
    def ground_truth(self) -> Path:
        """The file of its boxes."""
        return self.folder / "gt" / "gt.txt"


def find_sequences(root: Path) -> list[Path]:
    """Folders below `root` (at most three deep) that hold a ``gt/gt.txt``, by name.

    MOT17 repeats each sequence for three detectors, with the same frames and boxes; the first of
    each three is taken.

    Raises:
        ValueError: there are none.
    """
    found: list[Path] = []
    pending = [(root, 0)]
    while pending:
        folder, depth = pending.pop()
        if (folder / "gt" / "gt.txt").is_file():
            found.append(folder)
        elif depth < 3:
            pending += [(folder / name, depth + 1) for name in subfolders(folder) if name != "img1"]
    if not found:
        raise ValueError(
            f"expected sequences with gt/gt.txt in {root}; found there: {contents(root)} "
            "(test sequences come without ground truth)"
        )
    different: dict[tuple[Path, str], Path] = {}
    for folder in sorted(found):
        name = folder.name
        for detector in _DETECTORS:
            name = name.removesuffix(detector)
        different.setdefault((folder.parent, name), folder)
    return list(different.values())


def read_sequence(folder: Path) -> MotSequence:
    """Read ``seqinfo.ini`` and list the frames; of a video, only the header is read.

    Raises:
        ValueError: the file is missing or says nothing usable, or there are no frames, or several
            videos, or a video that is broken or does not tell its length.
        MissingExtraError: there is a video, and PyAV is not installed.
    """
    path = folder / "seqinfo.ini"
    video = None if (folder / "img1").is_dir() else _video_in(folder)
    if video is not None and not path.exists():
        info = probe_video(video)
        return MotSequence(folder, folder.name, _numbered(video, info.frames), info.rate)
    rate, place, length = _read_info(path)
    if video is not None and not (folder / place).is_dir():
        frames = _numbered(video, probe_video(video).frames or length)
    else:
        frames = {number: folder / place / name for name, number in frames_of(folder / place)}
    return MotSequence(folder=folder, name=folder.name, frames=frames, rate=rate)


def _video_in(folder: Path) -> Path | None:
    videos = sorted(
        path for path in folder.iterdir() if path.suffix.lower() in VIDEO_ENDINGS and path.is_file()
    )
    if len(videos) > 1:
        raise ValueError(
            f"expected a folder img1 or one video in {folder}, found {len(videos)} videos: "
            + ", ".join(video.name for video in videos[:3])
        )
    return videos[0] if videos else None


def _numbered(video: Path, length: int | None) -> dict[int, Path]:
    if not length:
        raise ValueError(
            f"{video} does not tell how many frames it has; write seqLength into "
            f"{video.with_name('seqinfo.ini')}"
        )
    return dict.fromkeys(range(1, length + 1), video)


def _read_info(path: Path) -> tuple[float, str, int | None]:
    """Frames a second, the folder of frames, and how many there are where that is told."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text(encoding="utf-8-sig"))
        section = parser["Sequence"]
        rate = float(section["frameRate"])
        place = section.get("imDir", "img1").strip()
        length = section.getint("seqLength", fallback=None)
    except (OSError, UnicodeDecodeError, configparser.Error, KeyError, ValueError) as error:
        raise ValueError(f"{path} does not describe a sequence ({error})") from error
    if not 0 < rate < 10_000:
        raise ValueError(f"{path} says {rate:g} frames a second; expected more than none")
    if Path(place).name != place or place.startswith("."):
        raise ValueError(f"{path} says frames lie in {place!r}; expected a folder beside it")
    return rate, place, length


def read_boxes(path: Path, *, classes: SequenceOf[int] = (1,)) -> pd.DataFrame:
    """Read a ground-truth file; see the module for its columns.

    Args:
        path: the file.
        classes: which classes to take; boxes without a class are always taken, those that do not
            count never.

    Returns:
        One row a box, by frame and id: ``frame`` and ``id`` (int64), ``left``, ``top``, ``width``,
        ``height`` (pixels from 0) and ``visibility`` (0 to 1, NaN where unknown).

    Raises:
        ValueError: the file is missing or empty, holds something else than numbers, or has an id
            twice in one frame.
    """
    table = _numbers(path)
    kept = table["counts"] != 0
    kept &= table["class"].isin(classes) | (table["class"] == _UNKNOWN)
    table = table[kept & (table["width"] > 0) & (table["height"] > 0)]
    repeated = table.duplicated(["frame", "id"])
    if repeated.any():
        first = table[repeated].iloc[0]
        raise ValueError(
            f"{path} has id {int(first['id'])} twice in frame {int(first['frame'])}; "
            "expected each id once in a frame"
        )
    visibility = table["visibility"].where(table["visibility"] >= 0)
    boxes = table[["frame", "id", "left", "top", "width", "height"]].assign(
        left=table["left"] - 1, top=table["top"] - 1, visibility=visibility
    )
    return boxes.astype({"frame": "int64", "id": "int64"}).sort_values(
        ["frame", "id"], ignore_index=True
    )


def _numbers(path: Path) -> pd.DataFrame:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"expected ground truth in text at {path} ({error})") from error
    rows: list[list[float]] = []
    for number, line in enumerate(lines, start=1):
        text = line.strip().rstrip(",")
        if not text:
            continue
        try:
            values = [float(part) for part in text.split(",")]
            # A tenth column (a third coordinate) means nothing in the plane.
            values = values[: len(_COLUMNS)]
            fits = len(values) >= _BOX and all(map(math.isfinite, values))
            fits = fits and all(0 <= value < 2**53 and value % 1 == 0 for value in values[:2])
        except ValueError:
            fits = False
        if not fits:
            raise ValueError(
                f"{path}, line {number}: expected frame, id, left, top, width, height and at most "
                f"counts, class, visibility; came {line!r:.100}"
            )
        rows.append(values + [_UNKNOWN] * (len(_COLUMNS) - len(values)))
    if not rows:
        raise ValueError(f"{path} holds no boxes")
    return pd.DataFrame(rows, columns=list(_COLUMNS))
