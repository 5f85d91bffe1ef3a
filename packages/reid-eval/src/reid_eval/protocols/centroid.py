"""Centroids: every identity of the gallery is one mean embedding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reid_eval.embeddings import Embeddings
from reid_eval.protocols.comparison import Comparison

__all__ = ["Centroids", "centroids"]

_ROWS = 1 << 14  # images summed in one step


@dataclass(frozen=True, kw_only=True)
class Centroids:
    """A query image is ranked against one centroid of each gallery identity (``centroid``).

    Let G(p) be the gallery images of identity p and G(p, -c) those that camera c did not see. For
    a query of camera c the candidate of identity p is the mean of the embeddings as they are::

        m(p) = mean of G(p, -c)      if there are any: no image of camera c is ever inside
        m(p) = mean of G(p)          otherwise; of the query's own identity it is then left out

    compared by the metric (so cosine normalises the mean, not what goes into it). The query's own
    identity has one candidate, at rank r, made of other cameras' images only::

        AP = INP = 1 / r

    and a query whose identity only its own camera saw is skipped. Identities without a query are
    candidates as all others are. Distractors are not one identity: each is a candidate by itself.
    So every query has as many candidates as there are identities and distractors. An unknown
    camera equals no other.

    The published code (Wieczorek, Rychalska and Dąbrowski, "On the Unreasonable Effectiveness of
    Centroids in Image Retrieval", ICONIP 2021) means the same, but reads the cameras of the
    gallery at the wrong offset, so that nearly all positive centroids hold images of the query's
    camera, and gives no centroid to identities without queries nor to distractors; its scores
    are not comparable.
    """

    name: ClassVar[str] = "centroid"
    redraws: ClassVar[bool] = False

    def check(self, query: pd.DataFrame, gallery: pd.DataFrame) -> None:
        """Anything with identities will do."""

    def comparisons(self, query: Embeddings, gallery: Embeddings) -> Iterator[Comparison]:
        """One comparison for the queries of each camera."""
        sums = _Sums.of(gallery)
        for camera in np.unique(query.camids):
            rows = np.flatnonzero(query.camids == camera)
            yield Comparison(query.take(rows), sums.without(int(camera)), rows=rows)


def centroids(embeddings: Embeddings) -> Embeddings:
    """The mean embedding of each identity, by ascending pid; images of nobody (pid < 0) are out.

    Args:
        embeddings: N embeddings.

    Returns:
        One row an identity. Its ``path`` is the pid as text (below no folder), its camera unknown,
        ``images`` says how many images the mean is of, and ``example`` is the path of one of them.
        An evaluation against them would not know the query's camera inside a mean: that is what
        `Centroids` is for.

    Raises:
        ValueError: no image has an identity.

    Examples:
        >>> from pathlib import Path
        >>> table = pd.DataFrame({"path": ["a", "b", "c"], "pid": [4, 4, -1], "camid": [1, 2, 1]})
        >>> images = Embeddings(np.float32([[1, 0], [0, 1], [5, 5]]), table, Path("pictures"))
        >>> centroids(images).features.tolist()
        [[0.5, 0.5]]
    """
    somebody = embeddings.pids >= 0
    if not somebody.any():
        raise ValueError(f"none of the {len(embeddings)} embeddings has an identity (pid 0 or up)")
    sums = _Sums.of(embeddings.take(somebody), alone=False)
    return replace(sums.without(-1), root=Path())


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums over the images of each candidate and camera, by candidate, then camera.

    Attributes:
        total: ``(N, D)`` float64.
        count: ``(N,)`` images.
        camera: ``(N,)``; -1 where unknown.
        start: ``(P,)`` where each candidate begins.
        picture: ``(N,)`` the path of one of the images.
        table: one row a candidate: path, pid.
        source: what the images were.
    """

    total: NDArray[np.float64]
    count: NDArray[np.int64]
    camera: NDArray[np.int64]
    start: NDArray[np.int64]
    picture: NDArray[np.object_]
    table: pd.DataFrame
    source: Embeddings

    @classmethod
    def of(cls, images: Embeddings, *, alone: bool = True) -> _Sums:
        """Sum up; with `alone` each distractor is a candidate by itself."""
        candidate = np.unique(images.pids, return_inverse=True)[1].reshape(-1)
        paths = images.table["pid"].astype(str).to_numpy(dtype=object)
        if alone and "split" in images.table:
            single = (images.table["split"] == "distractor").to_numpy(dtype=bool)
            candidate[single] = candidate.max() + 1 + np.arange(single.sum())
            paths[single] = images.table["path"].to_numpy(dtype=object)[single]
        order = np.lexsort((images.camids, candidate))
        camera, candidate = images.camids[order], candidate[order]
        new = np.ones(len(order), dtype=bool)
        new[1:] = (np.diff(candidate) != 0) | (np.diff(camera) != 0)
        begins = np.flatnonzero(new)
        total = np.zeros((len(begins), images.dimension))
        group = np.cumsum(new) - 1
        for first in range(0, len(order), _ROWS):  # in memory are some rows only
            rows = order[first : first + _ROWS]
            inside, start = np.unique(group[first : first + _ROWS], return_index=True)
            block = np.asarray(images.features[rows], np.float64)
            total[inside] += np.add.reduceat(block, start, axis=0)
        starts = np.flatnonzero(np.diff(candidate[begins], prepend=-1))
        firsts = order[begins[starts]]
        table = pd.DataFrame({"path": paths[firsts], "pid": images.pids[firsts]})
        count = np.diff(np.append(begins, len(order)))
        picture = images.table["path"].to_numpy(dtype=object)[order[begins]]
        return cls(total, count, camera[begins], starts, picture, table, images)

    def without(self, camera: int) -> Embeddings:
        """The candidates for queries of a camera: see `Centroids`; camera -1 leaves nothing out.

        Candidates that the camera alone saw bear its number, so that the camera filter leaves out
        that of the query's own identity.
        """
        kept = (self.camera != camera) | (self.camera < 0)
        counts = np.add.reduceat(self.count * kept, self.start)
        only = counts == 0
        sizes = np.diff(np.append(self.start, len(self.camera)))
        kept |= np.repeat(only, sizes)
        counts = np.add.reduceat(self.count * kept, self.start)
        means = np.add.reduceat(self.total * kept[:, None], self.start, axis=0) / counts[:, None]
        camid = pd.array(np.where(only, camera, -1), dtype="Int64")
        camid[~only] = pd.NA
        first = np.minimum.reduceat(np.where(kept, np.arange(len(kept)), len(kept)), self.start)
        table = self.table.assign(
            camid=camid, split="gallery", images=counts, example=self.picture[first]
        )
        return Embeddings(means.astype(np.float32), table, self.source.root, self.source.meta)
