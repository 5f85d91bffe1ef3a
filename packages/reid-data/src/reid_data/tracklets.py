"""Tracklets: the frames of one person in front of one camera, in the order of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reid_data.records import Ids, Records

__all__ = ["Tracklets", "one_row_a_tracklet", "tracklet_rows", "tracklets_of"]

_SHARED = ("split", "pid", "camid", "label", "clothes_id")
"""Columns in which all frames of a tracklet agree."""


@dataclass(frozen=True, eq=False)
class Tracklets:
    """The tracklets of a data set, by ascending number.

    Attributes:
        table: one row a tracklet: ``tracklet``, what its frames share (``split``, ``pid``,
            ``camid`` and, where the records have them, ``label`` and ``clothes_id``), ``images``,
            the number of its frames, and ``first`` and ``last`` of the columns ``frame`` and
            ``timestamp``, for example ``first_frame``.
        rows: for each tracklet the rows of the records that are its frames, in the order of time.
    """

    table: pd.DataFrame
    rows: tuple[Ids, ...]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def pids(self) -> Ids:
        """Identities, ``(N,)``."""
        return self.table["pid"].to_numpy(dtype=np.int64)

    @property
    def camids(self) -> Ids:
        """Cameras, ``(N,)``; -1 where unknown."""
        return self.table["camid"].to_numpy(dtype=np.int64, na_value=-1)


def tracklet_rows(records: Records) -> list[tuple[int, Ids]]:
    """Each tracklet with its rows in the order of time, by ascending number.

    Frames are ordered by the column ``frame`` where there is one, else by path.

    Raises:
        ValueError: the records have no tracklets.
    """
    table = records.table.reset_index(drop=True)
    if "tracklet" not in table or table["tracklet"].isna().all():
        raise ValueError("expected records with a column tracklet; clips are cut from tracklets")
    table = table[table["tracklet"].notna()]
    keys = ["tracklet", *(["frame"] if "frame" in table else []), "path"]
    ordered = table.sort_values(keys, kind="stable")
    numbers = ordered["tracklet"].to_numpy(dtype=np.int64)
    rows = ordered.index.to_numpy(dtype=np.int64)
    starts = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))
    groups = np.split(rows, starts[1:])
    return list(zip(numbers[starts].tolist(), groups, strict=True))


def tracklets_of(records: Records) -> Tracklets:
    """Gather the tracklets of a data set; rows without one are left out.

    Args:
        records: with a column ``tracklet``, as the readers of MARS, iLIDS-VID, PRID-2011,
            DukeMTMC-VideoReID and CCVID make it.

    Raises:
        ValueError: the records have no tracklets, or one of them mixes identities, cameras or
            splits.

    Examples:
        >>> table = pd.DataFrame({"path": ["b.jpg", "a.jpg"], "pid": 7, "camid": 1,
        ...     "split": "train", "tracklet": 3})
        >>> tracklets = tracklets_of(Records(table, "."))
        >>> tracklets.rows[0].tolist(), tracklets.table["images"].tolist()
        ([1, 0], [2])
    """
    grouped = tracklet_rows(records)
    table = records.table.reset_index(drop=True)
    shared = [name for name in _SHARED if name in table]
    groups = table[table["tracklet"].notna()].groupby("tracklet", sort=True)
    _check_agreement(groups[shared].nunique(dropna=False))
    summary = groups[shared].first()
    summary["images"] = groups.size()
    for name in ("frame", "timestamp"):
        if name in table:
            summary[f"first_{name}"], summary[f"last_{name}"] = (
                groups[name].min(),
                groups[name].max(),
            )
    return Tracklets(summary.reset_index(), tuple(rows for _, rows in grouped))


def one_row_a_tracklet(records: Records) -> Records:
    """The first frame of each tracklet, by ascending number of the tracklets.

    Raises:
        ValueError: the records have no tracklets, or one mixes identities, cameras or splits.
    """
    return records.take(np.array([rows[0] for rows in tracklets_of(records).rows]))


def _check_agreement(different: pd.DataFrame) -> None:
    counts = different.to_numpy(dtype=np.int64)
    if counts.max() > 1:
        row, column = divmod(int(counts.argmax()), counts.shape[1])
        raise ValueError(
            f"tracklet {different.index[row]} has frames of {counts[row, column]} different values "
            f"of {different.columns[column]}; expected one person in front of one camera, in one "
            "split"
        )
