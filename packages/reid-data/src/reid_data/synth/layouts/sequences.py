"""Layouts of tracking sequences: MOT17, MOT20, DanceTrack and SportsMOT."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reid_data.videos import write_video

from ..frames import Film, Frame
from ..occluders import Kind
from .contents import text_file
from .recordings import films_of
from .registry import Arrangement, Plan, layout

if TYPE_CHECKING:
    from ..passages import Moves

__all__ = ["MotRecording", "Style", "dancetrack", "mot17", "mot20", "sportsmot"]

Frames = Literal["images", "video"]
"""Whether frames are written one by one, or as one H.264 file beside ``seqinfo.ini``."""

_CLASSES: dict[Kind, int] = {"car": 3, "bicycle": 4}
_OCCLUDER, _PEDESTRIAN = 9, 1


@dataclass(frozen=True)
class Style:
    """How a data set writes its sequences down.

    Attributes:
        rate: frames a second.
        digits: of the names of frames.
        between: what stands between the columns of ``gt.txt``.
        first_id: number of the first person of a sequence.
        by_person: lines are sorted by person, then by frame, or the other way round.
        things: things that hide people are listed too; they do not count.
        visibility: the share that is seen is known; otherwise the last column is always 1, and
            boxes end at the border of the frame.
        copies: what is put behind the name of the sequence, which is written once for each.
    """

    rate: int
    digits: int = 6
    between: str = ","
    first_id: int = 1
    by_person: bool = True
    things: bool = False
    visibility: bool = False
    copies: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class MotRecording:
    """One sequence in its folder.

    Attributes:
        film: what is seen.
        path: of the folder below the root.
        style: how it is written down.
        split: under which its frames are counted; test sequences have no ground truth.
        frames: one by one or as a video.
    """

    film: Film
    path: str
    style: Style
    split: str
    frames: Frames = "images"

    @cached_property
    def _ids(self) -> dict[int, int]:
        """From the people to their numbers in this sequence."""
        people = sorted({passage.pid for passage in self.film.passages})
        return {pid: number for number, pid in enumerate(people, start=self.style.first_id)}

    def __len__(self) -> int:
        return len(self.film)

    def write(self, folder: Path) -> None:
        """Draw all frames, and write them with ``seqinfo.ini`` and the boxes."""
        suffixes = self.style.copies or ("",)
        home = folder / f"{self.path}{suffixes[0]}"
        home.mkdir(parents=True)
        lines: list[tuple[tuple[int, ...], str]] = []
        self._write_frames(home, lines)
        lines.sort(key=lambda line: line[0])
        if self.split != "test":
            (home / "gt").mkdir()
            (home / "gt" / "gt.txt").write_bytes(text_file([text for _, text in lines]))
        for suffix in suffixes[1:]:
            shutil.copytree(home, folder / f"{self.path}{suffix}")
        for suffix in suffixes:
            copy = folder / f"{self.path}{suffix}"
            (copy / "seqinfo.ini").write_bytes(self._info(copy.name))

    def _write_frames(self, home: Path, lines: list[tuple[tuple[int, ...], str]]) -> None:
        def noted() -> Iterator[Frame]:
            for frame in self.film:
                lines.extend(self._lines(frame))
                yield frame

        if self.frames == "video":
            images = (frame.image for frame in noted())
            write_video(home / f"{home.name}.mp4", images, rate=self.style.rate)
            return
        from PIL import Image

        (home / "img1").mkdir()
        for frame in noted():
            name = f"{frame.number + 1:0{self.style.digits}d}.jpg"
            Image.fromarray(frame.image).save(home / "img1" / name, quality=95)

    def _lines(self, frame: Frame) -> Iterator[tuple[tuple[int, ...], str]]:
        """The lines of a frame, each with what it is sorted by."""
        height, width = frame.image.shape[:2]
        for sighting in frame.sightings:
            box: Sequence[int] = sighting.box
            seen = f"{sighting.visibility:.5g}"
            if not self.style.visibility:
                box, seen = _within(sighting.box, height, width), "1"
            who = self._ids[sighting.pid]
            yield self._line(frame.number, who, box, (1, _PEDESTRIAN, seen))
        for number, thing in enumerate(self.film.fixtures if self.style.things else ()):
            rows, columns = thing.window
            box = columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start
            kind = _CLASSES.get(thing.kind, _OCCLUDER)
            if box[2] and box[3]:
                yield self._line(frame.number, 1001 + number, box, (0, kind, "1"))

    def _line(
        self, frame: int, who: int, box: Sequence[int], rest: tuple[int, int, str]
    ) -> tuple[tuple[int, ...], str]:
        left, top, width, height = box
        values = (frame + 1, who, left + 1, top + 1, width, height, *rest)
        key = (who, frame) if self.style.by_person else (frame, who)
        return key, self.style.between.join(map(str, values))

    def _info(self, name: str) -> bytes:
        street = self.film.street
        lines = [
            "[Sequence]",
            f"name={name}",
            "imDir=img1",
            f"frameRate={self.style.rate}",
            f"seqLength={len(self.film)}",
            f"imWidth={street.width}",
            f"imHeight={street.height}",
            "imExt=.jpg",
        ]
        return text_file(lines, tail="\n")


def _within(box: tuple[int, int, int, int], height: int, width: int) -> tuple[int, int, int, int]:
    left, top = max(box[0], 0), max(box[1], 0)
    right, bottom = min(box[0] + box[2], width), min(box[1] + box[3], height)
    return left, top, right - left, bottom - top


def _sequences(
    plan: Plan,
    paths: Sequence[str],
    style: Style,
    frames: Frames,
    moves: Moves = "walk",
) -> Arrangement:
    """Sequences in these folders, each of one camera and with people of its own.

    The folder above a sequence says whose people they are; ``test`` comes without ground truth,
    which only the judges know.
    """
    train, tested = plan.amounts["identities"], plan.amounts["test_identities"]
    splits = [path.split("/")[-2] for path in paths]
    recordings = []
    for camid, (path, split) in enumerate(zip(paths, splits, strict=True), start=1):
        own = split == "train"
        people = range(1, train + 1) if own else range(train + 1, train + tested + 1)
        siblings = [at for at, other in enumerate(splits, start=1) if (other == "train") == own]
        mine = people[siblings.index(camid) :: len(siblings)]
        (film,) = films_of(plan, mine, first=camid, count=1, moves=moves)
        recordings.append(MotRecording(film, path, style, split, frames))
    hint = "cut the people out with: reid-data crops --root {out} --out CROPS"
    return Arrangement([], recordings=recordings, hint=hint)


def _splits(plan: Plan, *splits: str) -> list[str]:
    """The split of each sequence: one of each of the later ones, all others in the first."""
    count = plan.amounts["cameras"]
    later = splits[1:count]
    return [splits[0]] * (count - len(later)) + list(later)


_TRAINED, _TESTED = (2, 4, 5, 9, 10, 11, 13), (1, 3, 6, 7, 8, 12, 14)
"""The numbers of MOT17's sequences."""


@layout(
    "mot17",
    reader="",
    identities=(16, 1, 1000),
    test_identities=(8, 1, 1000),
    cameras=(2, 2, 8),
    images_per_camera=1,
    tracklet_length=(50, 1, 9999),
)
def mot17(plan: Plan, *, frames: Frames = "images") -> Arrangement:
    """MOT17: each sequence three times, boxes out of the frame, things that do not count."""
    style = Style(30, things=True, visibility=True, copies=("-DPM", "-FRCNN", "-SDP"))
    splits = _splits(plan, "train", "test")
    numbers = [*_TRAINED[: len(splits) - 1], _TESTED[0]]
    paths = [f"{split}/MOT17-{at:02d}" for split, at in zip(splits, numbers, strict=True)]
    return _sequences(plan, paths, style, frames)


@layout(
    "mot20",
    reader="",
    identities=(60, 1, 1000),
    test_identities=(60, 1, 1000),
    cameras=(2, 2, 5),
    images_per_camera=1,
    tracklet_length=(50, 1, 9999),
)
def mot20(plan: Plan, *, frames: Frames = "images") -> Arrangement:
    """MOT20: crowds, boxes out of the frame, things that do not count."""
    style = Style(25, things=True, visibility=True)
    splits = _splits(plan, "train", "test")
    numbers = [*(1, 2, 3, 5)[: len(splits) - 1], 4]
    paths = [f"{split}/MOT20-{at:02d}" for split, at in zip(splits, numbers, strict=True)]
    return _sequences(plan, paths, style, frames)


@layout(
    "dancetrack",
    reader="",
    identities=(8, 1, 1000),
    test_identities=(12, 1, 1000),
    cameras=(3, 2, 99),
    images_per_camera=1,
    tracklet_length=(50, 1, 9999),
)
def dancetrack(plan: Plan, *, frames: Frames = "images") -> Arrangement:
    """DanceTrack: dancers in one costume, frames of eight digits, nothing known of visibility."""
    splits = _splits(plan, "train", "val", "test")
    paths = [f"{split}/dancetrack{at:04d}" for at, split in enumerate(splits, start=1)]
    return _sequences(plan, paths, Style(20, digits=8), frames, moves="dance")


@layout(
    "sportsmot",
    reader="",
    identities=(10, 1, 1000),
    test_identities=(20, 1, 1000),
    cameras=(3, 2, 99),
    images_per_camera=1,
    tracklet_length=(50, 1, 9999),
)
def sportsmot(plan: Plan, *, frames: Frames = "images") -> Arrangement:
    """SportsMOT: two teams, lines by frame with blanks after commas, ids from 0, split lists."""
    splits = _splits(plan, "train", "val", "test")
    names = [f"v_synthetic{at:02d}_c001" for at in range(1, len(splits) + 1)]
    paths = [f"dataset/{split}/{name}" for split, name in zip(splits, names, strict=True)]
    style = Style(25, between=", ", first_id=0, by_person=False)
    arrangement = _sequences(plan, paths, style, frames, moves="run")
    lists = {
        f"splits_txt/{split}.txt": text_file(
            name for name, its in zip(names, splits, strict=True) if its == split
        )
        for split in dict.fromkeys(splits)
    }
    return replace(arrangement, files=lists)
