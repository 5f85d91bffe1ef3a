"""Pairs of images of one person, from which pose-guided generation learns.

All ordered pairs of different images of an identity, if both show both shoulders and both hips;
junk and distractors are left out: those of the records where there are some, else what Market-1501
names so (``-1_...`` and ``0000_c1s1_...``; elsewhere 0 is a person). The published script makes the
*training* pairs from the test annotations; here the pairs of a split come from its own annotations.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reid_data.datasets.market1501 import parse_market_name
from reid_data.preprocess.poses import JOINT_NAMES, Poses, match_poses
from reid_data.preprocess.published import Style, read_raw, write_raw
from reid_data.records import Ids, Records

__all__ = [
    "HEADER",
    "Pairs",
    "complete_bodies",
    "make_pairs",
    "ordered_pairs",
    "pids_of_names",
    "read_pairs",
    "write_pairs",
]

HEADER = ("from", "to")
REQUIRED = ("right_shoulder", "left_shoulder", "right_hip", "left_hip")
"""The joints that both images of a pair must show."""

_PID = re.compile(r"(?:.*/)?(-?\d{1,18})_", re.ASCII)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of image names.

    Attributes:
        sources: images to start from, ``(P,)``.
        targets: images to arrive at, ``(P,)``.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.sources)


def ordered_pairs(pids: Ids) -> tuple[Ids, Ids]:
    """All ordered pairs of different rows with the same identity.

    Args:
        pids: ``(N,)``.

    Returns:
        First and second row of each pair, sorted by identity, then by first and second row.

    Examples:
        >>> first, second = ordered_pairs(np.array([7, 3, 7, 7]))
        >>> list(zip(first.tolist(), second.tolist()))
        [(0, 2), (0, 3), (2, 0), (2, 3), (3, 0), (3, 2)]
    """
    order = np.argsort(pids, kind="stable")
    counts = np.unique(pids, return_counts=True)[1]
    starts = np.cumsum(counts) - counts
    # Each row is repeated once for each row of its group, itself included, which then goes.
    sizes, begins = np.repeat(counts, counts), np.repeat(starts, counts)
    first = np.repeat(np.arange(len(pids)), sizes)
    within = np.arange(len(first)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    second = np.repeat(begins, sizes) + within
    other = first != second
    return order[first[other]].astype(np.int64), order[second[other]].astype(np.int64)


def complete_bodies(poses: Poses) -> np.ndarray:
    """Which poses have both shoulders and both hips, ``(N,)`` bool."""
    rows = [JOINT_NAMES[poses.layout].index(name) for name in REQUIRED]
    return np.asarray(~np.isnan(poses.joints[:, rows]).any(axis=(1, 2)))


def pids_of_names(names: Sequence[str]) -> Ids:
    """Identities of images named like Market's, ``0002_c1s1_000451_03.jpg``, ``(N,)``.

    Raises:
        ValueError: a name does not begin with an identity.
    """
    matches = [_PID.match(name) for name in names]
    for name, match in zip(names, matches, strict=True):
        if match is None:
            raise ValueError(
                f"expected names such as 0002_c1s1_000451_03.jpg, came {name!r}; give the records "
                "of the data set for other names"
            )
    return np.array([int(match[1]) for match in matches if match is not None], dtype=np.int64)


def _market_distractors(names: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which names Market-1501 would give to a distractor; other grammars have a person 0."""
    found = []
    for name in names:
        try:
            found.append(parse_market_name(name.rpartition("/")[2]).pid == 0)
        except ValueError:
            found.append(False)
    return np.array(found, dtype=bool)


def make_pairs(
    poses: Poses, *, records: Records | None = None, most: int | None = None, seed: int = 0
) -> Pairs:
    """Pair the images of one split.

    Args:
        poses: the annotations of that split.
        records: the images of that split; poses of other images are left out, and identities are
            taken from here rather than from names.
        most: keep a random sample of so many pairs (published: 12,000 of test).
        seed: of the sample, which is the one that pandas draws, as published.

    Raises:
        ValueError: no pair is left, or an identity cannot be read from a name.
    """
    if records is None:
        kept, pids = np.arange(len(poses)), pids_of_names(poses.names)
        person = (pids >= 0) & ~_market_distractors(poses.names)
    else:
        rows = match_poses(poses.names, records.table["path"].tolist())
        kept, pids = rows[rows >= 0], records.pids[rows >= 0]
        nobody = records.table["split"].isin(("distractor", "junk")).to_numpy(dtype=bool)
        person = (pids >= 0) & ~nobody[rows >= 0]
    usable = person & complete_bodies(poses)[kept]
    first, second = ordered_pairs(pids[usable])
    if not len(first):
        raise ValueError(
            f"no two images of one person show shoulders and hips ({len(kept)} poses, "
            f"{int(usable.sum())} of them complete and of an identity)"
        )
    if most is not None and most < len(first):
        chosen = np.random.RandomState(seed).choice(len(first), size=most, replace=False)
        first, second = first[chosen], second[chosen]
    names = np.array(poses.names, dtype=object)[kept[usable]]
    return Pairs(tuple(names[first].tolist()), tuple(names[second].tolist()))


def read_pairs(path: Path | str) -> Pairs:
    """Read pairs, ``from,to``, with or without the header.

    Raises:
        ValueError: the file is missing or malformed.
    """
    rows = read_raw(path, headers=[HEADER], columns=2).rows
    return Pairs(tuple(row[0] for row in rows), tuple(row[1] for row in rows))


def write_pairs(pairs: Pairs, path: Path | str) -> None:
    """Write pairs in the published form."""
    write_raw(path, zip(pairs.sources, pairs.targets, strict=True), style=Style(HEADER))
