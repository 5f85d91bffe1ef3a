"""Folders of frames: the pictures of one tracklet, in the order in which they were taken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from reid_data.datasets.listing import contents, image_names, quoted

__all__ = ["frames_of", "tracklet_table"]

# The last number before the ending: 00317 of cam1_person001_00317.png
_LAST_NUMBER = re.compile(r"(?P<frame>\d{1,18})\D*\.[a-z]+", re.IGNORECASE | re.ASCII)


def frames_of(folder: Path) -> list[tuple[str, int]]:
    """Names and frame numbers of a folder's pictures, by number.

    By number, because neither the order of the disk nor that of the letters (10 before 9) is that
    of time.

    Raises:
        ValueError: there is no such folder, it is empty, or a name has no number.
    """
    names = image_names(folder)
    if not names:
        raise ValueError(f"expected frames in {folder}; found: {contents(folder)}")
    matches = {name: _LAST_NUMBER.search(name) for name in names}
    unnumbered = [name for name, match in matches.items() if match is None]
    if unnumbered:
        raise ValueError(
            f"{len(unnumbered)} of {len(names)} frames in {folder} have no number: "
            f"{quoted(unnumbered)}"
        )
    numbered = [(name, int(match["frame"])) for name, match in matches.items() if match]
    return sorted(numbered, key=lambda pair: (pair[1], pair[0]))


def tracklet_table(
    home: Path, folders: Iterable[tuple[str, dict[str, Any]]], *, columns: Sequence[str]
) -> pd.DataFrame:
    """One row a frame of many tracklets, each a folder of frames.

    Args:
        home: the folder to which all paths are relative.
        folders: for each tracklet its folder below `home` and what its rows have in common.
        columns: the keys of what they have in common.

    Returns:
        Columns ``path``, ``frame``, ``tracklet`` (0, 1, 2 ... in the given order) and `columns`.

    Raises:
        ValueError: see `frames_of`.
    """
    rows = [
        (f"{folder}/{name}", frame, tracklet, *(common[column] for column in columns))
        for tracklet, (folder, common) in enumerate(folders)
        for name, frame in frames_of(home / folder)
    ]
    return pd.DataFrame(rows, columns=["path", "frame", "tracklet", *columns])
