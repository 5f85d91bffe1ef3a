"""Re-association over time: the same person in the same video, some frames later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reid_eval.embeddings import Embeddings
from reid_eval.metrics import LeftOut
from reid_eval.protocols.comparison import Comparison, pooled, require

__all__ = ["Reassociation"]


@dataclass(frozen=True, kw_only=True)
class Reassociation:
    """Can a tracker recognise a person after a gap (``reassociation``)?

    Within each sequence of MOT-format video, an image of person p in frame t asks for p again in
    all images of that sequence. With gap g::

        match:      pid = p and |frame - t| >= g
        left out:   pid = p and |frame - t| <  g    (the query itself, and what a tracker bridges
                                                     by motion alone)
        non-match:  everyone else in the sequence, in any frame

    Cameras do not matter. Of each person the first image asks, and then the first one at least
    ``every`` frames after the last that asked. People who are in view for less than g frames have
    no match and are skipped. AP, INP and Rank-k are those of
    [`CrossCamera`][reid_eval.protocols.image.CrossCamera], over the queries of all sequences
    together; nobody is looked for in another sequence.

    Attributes:
        gap: g, in frames.
        every: frames between two queries of one person; 0 takes g.

    The question is that of trackers that keep an appearance memory, and of the ``reid`` package of
    roboflow, on MOT17, MOT20, DanceTrack and SportsMOT; the rules are as written here.
    """

    name: ClassVar[str] = "reassociation"
    redraws: ClassVar[bool] = True
    gap: int = 30
    every: int = 0

    def __post_init__(self) -> None:
        if self.gap < 1 or self.every < 0:
            raise ValueError(
                f"gap must be 1 or more and every 0 or more frames, came {self.gap}, {self.every}"
            )

    def check(self, query: pd.DataFrame, gallery: pd.DataFrame) -> None:
        """Refuse images without a frame number."""
        made_by = (
            "`reid-data crops` cuts people with their frames out of MOT-format video; in a CSV it "
            "is the column frame, with sequence where there are several"
        )
        require(self.name, "frame", query, gallery, made_by=made_by)

    def comparisons(self, query: Embeddings, gallery: Embeddings) -> Iterator[Comparison]:
        """One comparison a sequence."""
        images = pooled(query, gallery)
        table = images.table
        sequences = np.zeros(len(table), np.int64)
        if "sequence" in table:
            sequences = pd.factorize(table["sequence"])[0]
        frames = table["frame"].to_numpy(np.int64)
        asks = _asking(sequences, images.pids, frames, every=self.every or self.gap)
        place = np.cumsum(asks) - 1
        for sequence in np.unique(sequences):
            inside = np.flatnonzero(sequences == sequence)
            asking = inside[asks[inside]]
            yield Comparison(
                images.take(asking),
                images.take(inside),
                camera_filter="none",
                left_out=_near(frames[asking], frames[inside], gap=self.gap),
                rows=place[asking],
            )


def _near(asked: NDArray[np.int64], shown: NDArray[np.int64], *, gap: int) -> LeftOut:
    def near(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.asarray(np.abs(asked[rows] - shown[columns]) < gap)

    return near


def _asking(
    sequences: NDArray[np.int64],
    pids: NDArray[np.int64],
    frames: NDArray[np.int64],
    *,
    every: int,
) -> NDArray[np.bool_]:
    """Which images ask: of each walk the first, then each that is late enough."""
    asks = np.zeros(len(frames), dtype=bool)
    order = np.lexsort((frames, pids, sequences))
    walk, last = None, 0
    for row in order.tolist():  # who asks depends on who asked last; a microsecond an image
        own = int(sequences[row]), int(pids[row])
        if own != walk or frames[row] - last >= every:
            asks[row], walk, last = True, own, int(frames[row])
    return asks
