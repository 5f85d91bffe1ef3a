r"""MARS: the tracklets behind Market-1501, cut out by a detector and a tracker.

The layout, below the root or below one of the folder names that people give it::

    bbox_train/0001/0001C1T0001F001.jpg    identity 0001, camera 1, tracklet 1 there, frame 1 of it
    bbox_test/0000/0000C1T0001F001.jpg     identity 0000: distractors
    bbox_test/00-1/00-1C1T0001F001.jpg     identity 00-1: junk, to be ignored
    info/train_name.txt                    a file name a line, in the order of the tracklets
    info/test_name.txt
    info/tracks_train_info.mat             track_train_info: first line, last line, pid, camera
    info/tracks_test_info.mat              track_test_info, lines from 1 and including the last
    info/query_IDX.mat                     query_IDX: rows of track_test_info, from 1

The protocol: rank the gallery (with its distractors) for each query, without the tracklets of the
query's person from the query's camera; junk counts neither way. Published: 8,298 tracklets to
train, 1,980 queries, 9,330 in gallery and distractors.

``tracklet`` numbers the rows of the two tables through: training from 0, testing after it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from reid_data.datasets.grammar import NameGrammar
from reid_data.datasets.listing import find_home, read_lines
from reid_data.datasets.mat_files import read_mat_integers
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["MARS_NAMES", "read_mars"]

MARS_NAMES = NameGrammar(
    r"(?P<folder>(?P<pid>\d{4}|00-1))C(?P<camid>\d{1,2})T(?P<track>\d{1,9})F(?P<frame>\d{1,9})",
    "0001C1T0001F001.jpg",
    "identity, camera, tracklet, frame",
    texts=("folder", "pid"),
)
"""How MARS names images; ``00-1`` is the identity -1."""

_DISTRACTOR, _JUNK = 0, -1


@register_dataset(
    DatasetInfo(
        name="mars",
        url="https://zheng-lab.cecs.anu.edu.au/Project/project_mars.html",
        licence="no licence text is published; offered by its authors for academic research",
        citation="Zheng et al., MARS: A Video Benchmark for Large-Scale Person Re-Identification, "
        "ECCV 2016",
        counts={"train": (625, 509914)},
        note="tracklets: 8,298 train, 1,980 query, 9,330 gallery and distractor",
    )
)
def read_mars(root: Path) -> Records:
    """Read MARS (see the module) from its folder or the one above.

    Raises:
        ValueError: a list or table is missing, or they do not fit each other.
    """
    home = find_home(root, ("bbox_train", "bbox_test", "info"), aliases=("MARS", "mars"))
    train = _read_side(home, "train")
    test = _read_side(home, "test")
    asked = read_mat_integers(home / "info" / "query_IDX.mat", "query_IDX", dimensions=1)
    tracks = int(test["tracklet"].max()) + 1
    if asked.min() < 1 or asked.max() > tracks:
        raise ValueError(
            f"expected tracklets 1 to {tracks} in {home / 'info' / 'query_IDX.mat'}; came "
            f"{asked.min()} to {asked.max()}"
        )
    test["split"] = np.select(
        [test["tracklet"].isin(asked - 1), test["pid"] == _JUNK, test["pid"] == _DISTRACTOR],
        ["query", "junk", "distractor"],
        "gallery",
    )
    test["tracklet"] += int(train["tracklet"].max()) + 1
    return Records(pd.concat([train.assign(split="train"), test], ignore_index=True), home)


def _read_side(home: Path, side: str) -> pd.DataFrame:
    info = home / "info"
    listed = info / f"{side}_name.txt"
    names = [text for _, text in read_lines(listed)]
    table = MARS_NAMES.table(home, names)
    table["path"] = f"bbox_{side}/" + table.pop("folder").str.cat(names, sep="/")
    table["pid"] = table["pid"].replace("00-1", "-1").astype("int64")
    path = info / f"tracks_{side}_info.mat"
    tracks = read_mat_integers(path, f"track_{side}_info", dimensions=2)
    lines, rows = _lines_of(tracks, count=len(names), path=path, listed=listed)
    table = table.drop(columns="track").iloc[lines].reset_index(drop=True).assign(tracklet=rows)
    wrong = (table["pid"] != tracks[rows, 2]) | (table["camid"] != tracks[rows, 3])
    if wrong.any():
        first = table[wrong].iloc[0]
        raise ValueError(
            f"{path} says identity {tracks[first['tracklet'], 2]} and camera "
            f"{tracks[first['tracklet'], 3]} for {first['path']}; the tables do not belong to "
            f"{listed.name}"
        )
    return table.sort_values(["tracklet", "frame"], kind="stable", ignore_index=True)


def _lines_of(
    tracks: npt.NDArray[np.int64], *, count: int, path: Path, listed: Path
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The lines (from 0) of all tracklets, and the row of the table that each belongs to."""
    if tracks.shape[1] != 4:
        raise ValueError(f"expected four columns in {path}; came {tracks.shape[1]}")
    first, last = tracks[:, 0], tracks[:, 1]
    wrong = (first < 1) | (last < first) | (last > count)
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"{path}, row {row + 1}: expected lines 1 to {count} of {listed.name}, came "
            f"{first[row]} to {last[row]}"
        )
    lengths = last - first + 1
    rows = np.repeat(np.arange(len(tracks)), lengths)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.repeat(first - 1, lengths) + within, rows
