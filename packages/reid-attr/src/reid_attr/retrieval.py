"""Who fits a description: ranked images, how good the ranking is, and a file to hand in."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reid_attr.description import Distance, description_distances
from reid_attr.queries import Queries
from reid_data.files import replacing
from reid_eval.statistics.bootstrap import Interval, bootstrap_intervals

__all__ = ["Ranking", "RetrievalFigures", "rank_images", "retrieval_figures", "write_submission"]

_Floats = NDArray[np.float64]
_CELLS = 1 << 24  # distances that are held at once


@dataclass(frozen=True, eq=False)
class Ranking:
    """The best images for each query, best first.

    Attributes:
        indices: int64 ``(Q, k)``, rows of the probabilities.
        distances: ``(Q, k)``, see `description_distances`.
    """

    indices: NDArray[np.int64]
    distances: _Floats


@dataclass(frozen=True)
class RetrievalFigures:
    """How well descriptions find their people.

    Attributes:
        mAP: mean average precision over the queries.
        ranks: share of queries with a right image among the first 1, 5 and 10.
        intervals: of ``mAP`` and ``R1``, by resampling queries; empty for a single one.
        queries: how many were measured.
        skipped: queries that no image fits, which are not measured.
        images: how many were ranked.
    """

    mAP: float  # noqa: N815 - the field's own name
    ranks: dict[int, float]
    intervals: dict[str, Interval]
    queries: int
    skipped: int
    images: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "mAP": self.mAP,
            **{f"R{rank}": share for rank, share in self.ranks.items()},
            "intervals": {name: each.to_dict() for name, each in self.intervals.items()},
            "queries": self.queries,
            "skipped": self.skipped,
            "images": self.images,
        }


def rank_images(
    probabilities: ArrayLike, queries: Queries, *, top_k: int = 10, distance: Distance = "absolute"
) -> Ranking:
    """The images that fit each description best; equal ones keep their order.

    Args:
        probabilities: of N images ``(N, K)``.
        queries: of K attributes.
        top_k: how many images of each; all where there are fewer.
        distance: see `description_distances`.

    Raises:
        ValueError: the shapes do not fit, or ``top_k`` is below 1.
    """
    if top_k < 1:
        raise ValueError(f"top_k must be 1 or more, came {top_k}")
    indices, distances = [], []
    for block in _distances(probabilities, queries, distance):
        order = np.argsort(block, axis=1, kind="stable")[:, :top_k]
        indices.append(order)
        distances.append(np.take_along_axis(block, order, axis=1))
    return Ranking(np.concatenate(indices).astype(np.int64), np.concatenate(distances))


def retrieval_figures(
    probabilities: ArrayLike,
    queries: Queries,
    truth: ArrayLike,
    *,
    distance: Distance = "absolute",
    seed: int = 0,
) -> RetrievalFigures:
    """Measure queries as the UPAR challenge does: R-1 and mAP.

    An image is right if everything that the query names is known of it and as asked for.

    Args:
        probabilities: of N images ``(N, K)``.
        queries: of K attributes, see `every_query` for those of the challenge.
        truth: of the images ``(N, K)``: 1, 0 or -1 for unknown.
        distance: see `description_distances`.
        seed: which resamples the intervals take.

    Raises:
        ValueError: shapes do not fit, or no image fits any query.
    """
    known = np.asarray(truth)
    if known.shape != np.shape(probabilities):
        raise ValueError(
            f"expected truth and probabilities of one shape, came {known.shape} and "
            f"{np.shape(probabilities)}"
        )
    precisions, places, done = [], [], 0
    for block in _distances(probabilities, queries, distance):
        right = _right(known, queries.values[done : done + len(block)])
        done += len(block)
        fitting = right.any(axis=1)
        order = np.argsort(block[fitting], axis=1, kind="stable")
        hits = np.take_along_axis(right[fitting], order, axis=1)
        precision = np.cumsum(hits, axis=1) / np.arange(1, hits.shape[1] + 1)
        precisions.append((precision * hits).sum(axis=1) / hits.sum(axis=1))
        places.append(hits.argmax(axis=1))
    average, firsts = np.concatenate(precisions), np.concatenate(places)
    if not len(firsts):
        raise ValueError("no image fits any of the queries, so nothing can be measured")
    ranks = {rank: float((firsts < rank).mean()) for rank in (1, 5, 10)}
    intervals = {}
    if len(firsts) > 1:
        columns = np.stack([average, firsts == 0], axis=1).astype(np.float64)
        drawn = bootstrap_intervals(columns, np.arange(len(firsts)), seed=seed)
        intervals = dict(zip(("mAP", "R1"), drawn, strict=True))
    return RetrievalFigures(
        float(average.mean()),
        ranks,
        intervals,
        len(firsts),
        len(queries) - len(firsts),
        len(known),
    )


def write_submission(
    path: Path | str,
    images: Sequence[str],
    queries: Queries,
    probabilities: ArrayLike,
    *,
    distance: Distance = "absolute",
) -> None:
    """Write the distance of every query from every image as CSV.

    The header is ``# query`` and the images in their order; each row is the name of a query and its
    distances, smallest is best.

    Raises:
        ValueError: there are not N images, or shapes do not fit.
    """
    if len(images) != len(np.asarray(probabilities)):
        raise ValueError(f"{len(images)} images for {len(np.asarray(probabilities))} rows")
    names = iter(queries.names)
    with (
        replacing(Path(path)) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        table = csv.writer(file)
        table.writerow(["# query", *images])
        for block in _distances(probabilities, queries, distance):
            for row in block:
                table.writerow([next(names), *(f"{value:.6g}" for value in row)])


def _right(truth: NDArray[Any], wanted: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Which images ``(Q, N)`` have all that each query names."""
    fits = (wanted == 1).astype(np.float32) @ (truth == 1).astype(np.float32).T
    fits += (wanted == 0).astype(np.float32) @ (truth == 0).astype(np.float32).T
    return np.asarray(fits == (wanted >= 0).sum(axis=1)[:, None])


def _distances(probabilities: ArrayLike, queries: Queries, distance: Distance) -> Iterator[_Floats]:
    """Blocks of rows of the distance matrix."""
    scores = np.asarray(probabilities)
    step = max(1, _CELLS // max(1, len(scores)))
    for start in range(0, len(queries), step):
        part = queries.values[start : start + step]
        yield description_distances(scores, part, distance=distance)
