"""Boxes of a clip from a file.

Two formats are read, by the ending of the name:

- ``.txt``, as of the MOT challenge: ``frame, id, left, top, width, height`` and perhaps ``counts,
  class, visibility``; frames and pixels count from 1. Boxes that do not count, and of other classes
  than 1 (pedestrian), are left out.
- ``.csv`` with a header: ``frame``, ``left``, ``top``, ``width``, ``height``, and perhaps ``pid``
  (or ``id``) and ``visibility`` (or ``score``); frames and pixels count from 0, and further columns
  are left alone. The videos of ``reid-data synth --layout video`` have such a file beside them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from reid_data.console import one_line
from reid_data.tracking.sequences import read_boxes

__all__ = ["read_box_file"]

_NEEDED = ("frame", "left", "top", "width", "height")
_IDS, _SCORES = ("pid", "id"), ("visibility", "score")


def read_box_file(path: Path) -> pd.DataFrame:
    """Read a file of boxes; see the module for the formats.

    Returns:
        One row a box, by frame: ``frame`` (int64, from 0), ``left``, ``top``, ``width``, ``height``
        (pixels from 0), ``score`` (0 to 1; 1 where nothing is said), and ``id`` (int64) where the
        file has one for each box.

    Raises:
        ValueError: the file is missing or empty, has another format, or an id twice in a frame.
    """
    if path.suffix.lower() == ".txt":
        table = read_boxes(path)
        table = table.assign(frame=table["frame"] - 1, score=table["visibility"].fillna(1.0))
        if (table["frame"] < 0).any():
            raise ValueError(f"{path} has a frame 0; the frames of a .txt file count from 1")
        return table.drop(columns="visibility")
    if path.suffix.lower() != ".csv":
        raise ValueError(f"expected boxes in a .txt file (MOT) or a .csv file, came {path}")
    return _of_csv(path)


def _of_csv(path: Path) -> pd.DataFrame:
    try:
        raw = pd.read_csv(path)
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise ValueError(f"cannot read boxes from {path}: {one_line(error)}") from error
    missing = [name for name in _NEEDED if name not in raw]
    if missing:
        raise ValueError(
            f"{path} lacks the column {missing[0]}; expected {', '.join(_NEEDED)} and perhaps pid "
            f"and visibility, came {', '.join(map(str, raw.columns))}"
        )
    if raw.empty:
        raise ValueError(f"{path} holds no boxes")
    table = _numbers(raw[list(_NEEDED)], path)
    score = next((raw[name] for name in _SCORES if name in raw), None)
    table["score"] = 1.0
    if score is not None:
        table["score"] = _numbers(score.to_frame(), path, may_lack=True).iloc[:, 0].fillna(1.0)
    if not table["score"].between(0, 1).all():
        raise ValueError(f"{path}: expected visibility or score from 0 to 1")
    ids = next((raw[name] for name in _IDS if name in raw), None)
    if ids is not None:
        table["id"] = _whole(_numbers(ids.to_frame(), path).iloc[:, 0], "id", path)
    table["frame"] = _whole(table["frame"], "frame", path)
    if (table["frame"] < 0).any():
        raise ValueError(f"{path} has the frame {table['frame'].min()}; frames count from 0")
    _check_ids(table, path)
    sized = table[(table["width"] > 0) & (table["height"] > 0)]
    return sized.sort_values("frame", kind="stable", ignore_index=True)


def _numbers(table: pd.DataFrame, path: Path, *, may_lack: bool = False) -> pd.DataFrame:
    numbers: pd.DataFrame = table.apply(pd.to_numeric, errors="coerce").astype(np.float64)
    wrong = ~np.isfinite(numbers.to_numpy())
    if may_lack:
        wrong &= table.notna().to_numpy()
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise ValueError(
            f"{path}, line {row + 2}: expected a number for {table.columns[column]}, came "
            f"{table.iloc[row, column]}"
        )
    return numbers


def _whole(column: pd.Series, name: str, path: Path) -> pd.Series:
    if (column % 1 != 0).any() or (column.abs() >= 2**53).any():
        raise ValueError(f"{path}: expected whole numbers for {name}")
    return column.astype("int64")


def _check_ids(table: pd.DataFrame, path: Path) -> None:
    if "id" in table:
        twice = table[table.duplicated(["frame", "id"])]
        if len(twice):
            frame, who = twice.iloc[0][["frame", "id"]].astype(int)
            raise ValueError(
                f"{path} has id {who} twice in frame {frame}; expected each id once in a frame"
            )
