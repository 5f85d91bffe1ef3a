"""Tracklet against tracklet: the protocol of video data sets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from reid_eval.embeddings import Embeddings
from reid_eval.protocols.comparison import Comparison, require

__all__ = ["Pooling", "Tracklets", "pool_tracklets", "require_tracklets"]

Pooling = Literal["mean", "max"]
"""How the frames of a tracklet become one embedding."""

_ROWS = 1 << 14  # frames of one pooling step
_MADE_BY = (
    "Video data sets have it (mars, dukemtmc_videoreid, ilids_vid, prid2011, ccvid), and so have "
    "the crops that `reid-data crops` cuts out; in a CSV it is the column tracklet"
)


@dataclass(frozen=True, kw_only=True)
class Tracklets:
    """Tracklets ask and answer, cross-camera (``tracklet``).

    All frames x_1 ... x_n of a tracklet become one embedding, their mean (or their maximum,
    dimension by dimension), of the embeddings as they are::

        f = 1/n sum_t x_t        or        f_d = max_t x_td

    Then tracklets are ranked as images are in
    [`CrossCamera`][reid_eval.protocols.image.CrossCamera]: those of the query's person from the
    query's camera are left out. MARS is evaluated so (tracklet ids are unique over both sides).

    Attributes:
        pooling: ``"mean"`` or ``"max"``.

    Source: Zheng et al., "MARS: A Video Benchmark for Large-Scale Person Re-identification",
    ECCV 2016.
    """

    name: ClassVar[str] = "tracklet"
    redraws: ClassVar[bool] = False
    pooling: Pooling = "mean"

    def check(self, query: pd.DataFrame, gallery: pd.DataFrame) -> None:
        """Refuse images without a tracklet."""
        require_tracklets(self.name, query, gallery)

    def comparisons(self, query: Embeddings, gallery: Embeddings) -> Iterator[Comparison]:
        """The one comparison there is."""
        yield Comparison(
            pool_tracklets(query, pooling=self.pooling),
            pool_tracklets(gallery, pooling=self.pooling),
        )


def require_tracklets(name: str, query: pd.DataFrame, gallery: pd.DataFrame) -> None:
    """Refuse tables in which an image has no tracklet.

    Raises:
        ValueError: names the protocol and what makes tracklets.
    """
    require(name, "tracklet", query, gallery, made_by=_MADE_BY)


def pool_tracklets(frames: Embeddings, *, pooling: Pooling = "mean") -> Embeddings:
    """One embedding a tracklet; a frame without one (a distractor, junk) stands alone.

    Args:
        frames: N embeddings whose table has the column ``tracklet``.
        pooling: ``"mean"`` or ``"max"`` over the frames.

    Returns:
        The tracklets in the order of their first frames, each with the row of that frame and the
        further column ``frames``, their number.

    Raises:
        ValueError: an unknown pooling, or a tracklet with two identities or cameras.

    Examples:
        >>> from pathlib import Path
        >>> table = pd.DataFrame({"path": ["a", "b"], "pid": 1, "camid": 1, "tracklet": 7})
        >>> frames = Embeddings(np.float32([[1, 0], [0, 1]]), table, Path("walk"))
        >>> pool_tracklets(frames).features.tolist()
        [[0.5, 0.5]]
    """
    if pooling not in ("mean", "max"):
        raise ValueError(f"pooling must be 'mean' or 'max', got {pooling!r}")
    table = frames.table
    codes, _ = pd.factorize(table["tracklet"])
    alone = codes < 0
    codes[alone] = codes.max(initial=-1) + 1 + np.arange(alone.sum())
    _, first, codes = np.unique(codes, return_index=True, return_inverse=True)
    codes = codes.reshape(-1)
    for what, ids in (("identities", frames.pids), ("cameras", frames.camids)):
        wrong = np.flatnonzero(ids != ids[first][codes])
        if len(wrong):
            tracklet = table["tracklet"].iloc[wrong[0]]
            raise ValueError(
                f"tracklet {tracklet} has images of two {what}; number tracklets through, so that "
                "no two share a number"
            )
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes))
    starts = np.concatenate([[0], ends[:-1]])
    features = np.empty((len(first), frames.dimension), np.float32)
    reduce = np.add if pooling == "mean" else np.maximum
    for begin, end in _steps(starts, ends):  # in memory are the frames of some tracklets only
        rows = order[starts[begin] : ends[end - 1]]
        block = np.asarray(frames.features[rows], np.float64)
        block = reduce.reduceat(block, starts[begin:end] - starts[begin], axis=0)
        if pooling == "mean":
            block /= (ends - starts)[begin:end, None]
        features[begin:end] = block
    place = np.argsort(first, kind="stable")
    pooled = table.iloc[first[place]].reset_index(drop=True).assign(frames=(ends - starts)[place])
    return Embeddings(features[place], pooled, frames.root, frames.meta)


def _steps(starts: np.ndarray, ends: np.ndarray) -> Iterator[tuple[int, int]]:
    """Runs of tracklets with some thousands of frames together."""
    begin = 0
    while begin < len(starts):
        end = int(np.searchsorted(ends, starts[begin] + _ROWS, side="right"))
        end = max(end, begin + 1)
        yield begin, end
        begin = end
