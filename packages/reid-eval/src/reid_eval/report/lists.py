"""Ranked lists worth looking at: the worst, the best and some random queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid_eval.embeddings import Embeddings
from reid_eval.metrics import RetrievalReport
from reid_eval.report.scores import PairScores
from reid_eval.report.thumbnails import thumbnail

__all__ = ["Group", "RankedList", "Tile", "choose_queries", "ranked_lists"]


@dataclass(frozen=True)
class Tile:
    """One image with its caption; ``right`` is None for a query."""

    source: str | None
    path: str
    pid: int
    camera: str
    score: str = ""
    right: bool | None = None


@dataclass(frozen=True)
class RankedList:
    """A query, how well it did, and its first answers."""

    query: Tile
    average_precision: float
    first_hit_rank: int
    answers: tuple[Tile, ...]


@dataclass(frozen=True)
class Group:
    """Ranked lists under one heading."""

    name: str
    lists: tuple[RankedList, ...]


def choose_queries(
    average_precision: NDArray[np.float64], *, count: int, seed: int
) -> dict[str, NDArray[np.int64]]:
    """Pick queries: the worst, some random ones of the rest, the best.

    Args:
        average_precision: (Q,), NaN for queries that were skipped; these are never picked.
        count: how many of each kind; a third of them where there are fewer.
        seed: which random ones.

    Returns:
        Rows by heading; no query is in two of them.
    """
    order = np.argsort(average_precision, kind="stable")
    order = order[: len(order) - int(np.isnan(average_precision).sum())]
    first = min(count, -(-len(order) // 3))
    last = min(count, (len(order) - first + 1) // 2)
    worst, rest, best = np.split(order, [first, len(order) - last])
    chosen = np.random.default_rng(seed).permutation(len(rest))[:count]
    return {"Worst": worst, "Random": rest[np.sort(chosen)], "Best": best[::-1]}


def ranked_lists(
    query: Embeddings,
    gallery: Embeddings,
    report: RetrievalReport,
    scores: PairScores,
    *,
    chosen: Mapping[str, NDArray[np.int64]],
    places: NDArray[np.int64],
    top_k: int,
) -> tuple[Group, ...]:
    """The first answers of the chosen queries, as they were ranked, with thumbnails.

    Args:
        query: Q embeddings.
        gallery: G embeddings.
        report: on these queries, or on more.
        scores: what ranked them.
        chosen: rows of queries by heading.
        places: (Q,), where each query stands in the report.
        top_k: how many answers of each.
    """
    return tuple(
        Group(heading, _lists(query, gallery, report, scores, rows, places, top_k))
        for heading, rows in chosen.items()
        if len(rows)
    )


def _lists(
    query: Embeddings,
    gallery: Embeddings,
    report: RetrievalReport,
    scores: PairScores,
    rows: NDArray[np.int64],
    places: NDArray[np.int64],
    top_k: int,
) -> tuple[RankedList, ...]:
    indices, values = scores.best(rows, top_k=top_k)
    return tuple(
        RankedList(
            _tile(query, int(row)),
            float(report.average_precision[places[row]]),
            int(report.first_hit_rank[places[row]]),
            tuple(
                _tile(
                    gallery,
                    int(index),
                    score=format(value, scores.decimals),
                    truth=int(query.pids[row]),
                )
                for index, value in zip(found, near, strict=True)
                if index >= 0
            ),
        )
        for row, found, near in zip(rows, indices, values, strict=True)
    )


def _tile(side: Embeddings, row: int, *, score: str = "", truth: int | None = None) -> Tile:
    columns = side.table.columns
    path, pid = str(side.table["path"].iloc[row]), int(side.pids[row])
    shown = str(side.table["example"].iloc[row]) if "example" in columns else path
    return Tile(
        source=thumbnail(Path(side.root) / shown),
        path=path,
        pid=pid,
        camera=_seen(side, row),
        score=score,
        right=None if truth is None else pid == truth,
    )


def _seen(side: Embeddings, row: int) -> str:
    """Which camera, or of how many images a centroid is the mean."""
    if "images" in side.table.columns:
        count = int(side.table["images"].iloc[row])
        return f"mean of {count} image{'s' if count > 1 else ''}"
    camera = int(side.camids[row])
    return "camera ?" if camera < 0 else f"camera {camera}"
