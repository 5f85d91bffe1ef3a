"""How well tracks agree with the truth: purity, completeness and switches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reid_attr.video.association import assign
from reid_attr.video.detections import overlaps

__all__ = ["TrackAgreement", "compare_tracks"]

_SAME = 0.5  # IoU from which on a box is that of a person


@dataclass(frozen=True)
class TrackAgreement:
    """Tracks against the truth.

    Attributes:
        purity: share of matched boxes that belong to the person whom their track shows most.
        completeness: share of matched boxes that belong to the track that shows their person most.
        found: share of the true boxes that a track has.
        switches: how often a person goes on under another track.
        people: from each track to the person whom it shows most.
    """

    purity: float
    completeness: float
    found: float
    switches: int
    people: Mapping[int, int]


def compare_tracks(found: pd.DataFrame, truth: pd.DataFrame) -> TrackAgreement:
    """Match boxes frame by frame, at an IoU of 0.5 or more, and count who is in which track.

    Args:
        found: a row a box with ``frame``, ``track``, ``left``, ``top``, ``width``, ``height``.
        truth: the same with ``id`` for ``track``.

    Raises:
        ValueError: there is no true box.

    Examples:
        >>> rows = [(0, 1, 10, 10, 20, 50), (1, 1, 12, 10, 20, 50), (2, 2, 14, 10, 20, 50)]
        >>> names = ["frame", "track", "left", "top", "width", "height"]
        >>> found = pd.DataFrame(rows, columns=names)
        >>> agreement = compare_tracks(found, found.assign(id=7))
        >>> agreement.purity, round(agreement.completeness, 2), agreement.switches
        (1.0, 0.67, 1)
    """
    if truth.empty:
        raise ValueError("there are no true boxes to compare with")
    pairs = pd.DataFrame(_pairs(found, truth), columns=["frame", "track", "id"])
    if pairs.empty:
        return TrackAgreement(0.0, 0.0, 0.0, 0, {})
    counts = pairs.groupby(["track", "id"]).size().unstack(fill_value=0)
    table: NDArray[np.int64] = counts.to_numpy()
    people = dict(zip(counts.index.tolist(), counts.columns[table.argmax(axis=1)], strict=True))
    walks = pairs.sort_values("frame").groupby("id")["track"]
    switches = sum(int((walk.diff().iloc[1:] != 0).sum()) for _, walk in walks)
    return TrackAgreement(
        purity=float(table.max(axis=1).sum() / table.sum()),
        completeness=float(table.max(axis=0).sum() / table.sum()),
        found=len(pairs) / len(truth),
        switches=switches,
        people={int(track): int(who) for track, who in people.items()},
    )


def _pairs(found: pd.DataFrame, truth: pd.DataFrame) -> list[tuple[int, int, int]]:
    pairs = []
    tracked = dict(list(found.groupby("frame")))
    for frame in truth["frame"].unique().tolist():
        here, real = tracked.get(frame), truth[truth["frame"] == frame]
        if here is None:
            continue
        iou = overlaps(_corners(here), _corners(real))
        costs = np.where(iou >= _SAME, 1 - iou, np.inf)
        tracks, ids = here["track"].to_numpy(), real["id"].to_numpy()
        pairs += [(frame, int(tracks[row]), int(ids[at])) for row, at in assign(costs)]
    return pairs


def _corners(table: pd.DataFrame) -> NDArray[np.float64]:
    corner = table[["left", "top"]].to_numpy(float)
    return np.concatenate([corner, corner + table[["width", "height"]].to_numpy(float)], axis=1)
