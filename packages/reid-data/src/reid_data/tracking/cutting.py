"""People cut out of tracking sequences, of frames or videos, as a data set of crops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from reid_data.console import Advance
from reid_data.images import Pixels, read_image
from reid_data.preprocess.outputs import do_each, new_folder
from reid_data.preprocess.rewriting import encode_image
from reid_data.records import Records
from reid_data.tracking.sequences import MotSequence, find_sequences, read_boxes, read_sequence
from reid_data.videos import VIDEO_ENDINGS, read_video

__all__ = ["TABLE", "CropPlan", "cut_crops", "plan_crops"]

TABLE = "records.parquet"
"""The table that `cut_crops` writes beside the crops."""

_SPLITS = ("train", "val")


@dataclass(frozen=True, eq=False)
class CropPlan:
    """Which people will be cut out of which frames.

    Attributes:
        table: one row a crop: what records hold, and ``left``, ``top``, ``width``, ``height`` of
            the box in its frame (pixels from 0).
        frames: the file of each row's frame, an image or a video.
    """

    table: pd.DataFrame
    frames: tuple[Path, ...]

    def __len__(self) -> int:
        """How many frames people are cut out of."""
        return len(set(zip(self.frames, self.table["frame"].tolist(), strict=True)))


def plan_crops(
    root: Path,
    *,
    min_visibility: float = 0.25,
    min_height: int = 32,
    every: int = 1,
    classes: Sequence[int] = (1,),
) -> CropPlan:
    """Read all sequences below a folder, without opening a frame.

    An id counts within its sequence, so (sequence, id) is a person: ``pid`` and ``tracklet`` number
    these through. ``sequence`` numbers the sequences by name, ``frame`` is theirs, ``timestamp``
    counts seconds from their first frame. The camera is unknown: everybody is seen in one sequence
    only, so a rule that wants two cameras would leave nothing to be found. Sequences below a folder
    ``val`` are in split val, all others in train.

    Args:
        root: the folder, for example ``MOT17`` or ``dancetrack/train``.
        min_visibility: leave out who is seen less (0 to 1); unknown visibility is kept.
        min_height: leave out smaller boxes, in pixels.
        every: take each so manieth frame.
        classes: which classes of the ground truth are people.

    Raises:
        ValueError: there are no sequences, one is broken, or nothing is left.
    """
    if not 0 <= min_visibility <= 1 or min_height < 1 or every < 1:
        raise ValueError(
            "expected min_visibility from 0 to 1, min_height and every at least 1; came "
            f"{min_visibility}, {min_height}, {every}"
        )
    parts = []
    for number, folder in enumerate(find_sequences(root)):
        sequence = read_sequence(folder)
        boxes = read_boxes(sequence.ground_truth, classes=classes)
        kept = (boxes["height"] >= min_height) & ((boxes["frame"] - 1) % every == 0)
        kept &= boxes["visibility"].isna() | (boxes["visibility"] >= min_visibility)
        split = "val" if "val" in folder.relative_to(root.parent).parts else "train"
        # The folder, not the name: train and val may both hold a sequence of that name.
        place = folder.relative_to(root).as_posix() if folder != root else folder.name
        part = _of_sequence(sequence, boxes[kept], place=place)
        parts.append(part.assign(sequence=number, split=split))
    table = pd.concat(parts, ignore_index=True)
    if table.empty:
        raise ValueError(
            f"no box in {root} is {min_height} pixels high and {min_visibility:g} visible"
        )
    people = table.groupby(["sequence", "id"], sort=True).ngroup()
    frames = tuple(table.pop("file"))
    return CropPlan(table.drop(columns="id").assign(pid=people, tracklet=people), frames)


def cut_crops(
    plan: CropPlan, out: Path, *, workers: int = 2, advance: Advance | None = None
) -> Records:
    """Cut the planned crops out and write them with their table.

    Boxes that reach out of the frame are cut at its border.

    Args:
        plan: what to cut, see `plan_crops`.
        out: folder that appears when all is done, with JPEGs at quality 95 in a folder a sequence
            and ``records.parquet``, which ``--data mot_sequences`` (or ``csv``) reads.
        workers: threads; each takes a frame, or a whole video, which is decoded from its beginning
            to the last frame in which somebody is cut out.
        advance: called with the number of frames just finished.

    Returns:
        The records of the crops. Boxes entirely outside of their frame are left out.

    Raises:
        ValueError: `out` exists, a frame cannot be read, a video is broken or ends too early, or no
            box lies within its frame.
    """
    order = pd.Series(range(len(plan.frames))).groupby(pd.Series(list(map(str, plan.frames))))
    jobs = [rows.to_numpy() for _, rows in order]
    with new_folder(out) as folder:
        for path in {str(Path(path).parent) for path in plan.table["path"]}:
            (folder / path).mkdir(parents=True)

        def cut(rows: np.ndarray) -> list[int]:
            if plan.frames[int(rows[0])].suffix.lower() in VIDEO_ENDINGS:
                return _cut_video(plan, rows, folder, advance)
            done = _cut_frame(plan, rows, folder, read_image(plan.frames[int(rows[0])]))
            if advance is not None:
                advance(1)
            return done

        cut_rows = sorted(row for rows in do_each(cut, jobs, workers=workers) for row in rows)
        if not cut_rows:
            raise ValueError(
                "no box lies within its frame; check that frames and boxes belong together"
            )
        records = Records(plan.table.iloc[cut_rows], folder)
        records.to_parquet(folder / TABLE)
    return Records(records.table, out)


def _of_sequence(sequence: MotSequence, boxes: pd.DataFrame, *, place: str) -> pd.DataFrame:
    missing = sorted(set(boxes["frame"]) - set(sequence.frames))
    if missing:
        raise ValueError(
            f"{sequence.ground_truth} has boxes in frame {missing[0]}, which is not among the "
            f"{len(sequence.frames)} frames of {sequence.folder} ({len(missing)} are missing)"
        )
    pairs = zip(boxes["id"], boxes["frame"], strict=True)
    return boxes.assign(
        path=[f"{place}/{who:06d}_{frame:06d}.jpg" for who, frame in pairs],
        timestamp=(boxes["frame"] - 1) / sequence.rate,
        file=boxes["frame"].map(sequence.frames),
    )


def _cut_video(
    plan: CropPlan, rows: np.ndarray, folder: Path, advance: Advance | None
) -> list[int]:
    """Cut all people out of one video; returns the rows whose box lies within its frame."""
    video = plan.frames[int(rows[0])]
    numbers = plan.table["frame"].to_numpy(dtype=np.int64)[rows]
    last = int(numbers.max())
    done: list[int] = []
    number = 0
    for number, image in enumerate(islice(read_video(video), last), start=1):
        wanted = rows[numbers == number]
        if len(wanted):
            done += _cut_frame(plan, wanted, folder, image)
            if advance is not None:
                advance(1)
    if number < last:
        raise ValueError(
            f"{video} ends after frame {number}, but has boxes up to frame {last}; it is cut off, "
            "or the boxes are another video's"
        )
    return done


def _cut_frame(plan: CropPlan, rows: np.ndarray, folder: Path, image: Pixels) -> list[int]:
    """Cut all people out of one frame; returns the rows whose box lies within it."""
    height, width = image.shape[:2]
    boxes = plan.table.iloc[rows]
    left, top = boxes["left"].to_numpy(float), boxes["top"].to_numpy(float)
    right, bottom = left + boxes["width"].to_numpy(float), top + boxes["height"].to_numpy(float)
    edges = np.rint(np.stack([left, top, right, bottom], axis=1))
    edges = edges.clip(0, [width, height, width, height]).astype(int)
    done: list[int] = []
    for row, path, (x0, y0, x1, y1) in zip(rows, boxes["path"], edges.tolist(), strict=True):
        if x1 - x0 >= 2 and y1 - y0 >= 2:
            (folder / path).write_bytes(encode_image(image[y0:y1, x0:x1], ".jpg"))
            done.append(int(row))
    return done
