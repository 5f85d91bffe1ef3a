"""Ranked lists worth looking at: the worst, the best and some random queries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid_eval.embeddings import Embeddings
from reid_eval.exact_search import search
from reid_eval.metrics import RetrievalReport
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
    *,
    count: int,
    top_k: int,
    seed: int,
) -> tuple[Group, ...]:
    """Search again for the chosen queries, as they were evaluated, and make thumbnails."""
    metric = report.protocol["metric"]
    groups = choose_queries(report.average_precision, count=count, seed=seed)
    rows = np.concatenate(list(groups.values()))
    if not len(rows):
        return ()
    some = query.take(rows)
    found = search(
        some,
        gallery,
        top_k=top_k,
        metric=metric,
        camera_filter=report.protocol["camera_filter"],
        exclude_pids=report.protocol["junk_pids"],
    )
    values = found.scores if metric == "cosine" else found.distances
    lists = []
    for place, row in enumerate(rows):
        pid = int(some.pids[place])
        answers = tuple(
            _tile(
                gallery,
                int(index),
                score=f"{value:.3f}" if metric == "cosine" else f"{value:.4g}",
                truth=pid,
            )
            for index, value in zip(found.indices[place], values[place], strict=True)
            if index >= 0
        )
        lists.append(
            RankedList(
                _tile(query, int(row)),
                float(report.average_precision[row]),
                int(report.first_hit_rank[row]),
                answers,
            )
        )
    sizes = np.cumsum([0, *(len(chosen) for chosen in groups.values())])
    return tuple(
        Group(name, tuple(lists[first:last]))
        for name, first, last in zip(groups, sizes[:-1], sizes[1:], strict=True)
        if last > first
    )


def _tile(side: Embeddings, row: int, *, score: str = "", truth: int | None = None) -> Tile:
    path, pid = str(side.table["path"].iloc[row]), int(side.pids[row])
    camera = int(side.camids[row])
    return Tile(
        source=thumbnail(Path(side.root) / path),
        path=path,
        pid=pid,
        camera="camera ?" if camera < 0 else f"camera {camera}",
        score=score,
        right=None if truth is None else pid == truth,
    )
