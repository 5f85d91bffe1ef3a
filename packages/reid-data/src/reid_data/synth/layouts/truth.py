"""What was drawn, in one table beside whatever the layout says about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .contents import csv_file

if TYPE_CHECKING:
    from ..plan import Shot

__all__ = ["TRUTH", "truth_table"]

TRUTH = "records.csv"
"""The table's name; ``--data csv --root FOLDER/records.csv`` reads it."""

_COLUMNS = ("path", "pid", "camid", "split", "clothes_id", "tracklet", "frame", "timestamp")


def truth_table(images: Iterable[tuple[str, Shot]]) -> bytes:
    """Every image with what its layout cannot say: identities as planned, outfits, walks, times.

    Distractors have pid 0 and junk -1. ``clothes_id`` counts the outfits of each person from 0;
    what is no walk has no ``tracklet``.
    """
    tracklets: dict[tuple[object, ...], int] = {}
    rows: list[tuple[object, ...]] = [_COLUMNS]
    for path, shot in images:
        pid = -1 if shot.split == "junk" else shot.pid
        walk: object = ""
        if shot.tracklet >= 0:
            key = (shot.split, shot.pid, shot.camid, shot.tracklet)
            walk = tracklets.setdefault(key, len(tracklets))
        rows.append(
            (path, pid, shot.camid, shot.split, shot.outfit, walk, shot.frame, shot.timestamp)
        )
    return csv_file(rows)
