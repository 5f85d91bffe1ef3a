"""How the scores of true and of false matches are distributed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid_eval.embeddings import Embeddings
from reid_eval.report.scores import PairScores

__all__ = ["ScoreDistributions", "sample_queries", "score_distributions"]

_RANGE = (0.0005, 0.9995)


@dataclass(frozen=True)
class ScoreDistributions:
    """Histograms of the pairs' scores.

    Attributes:
        edges: float64 (B + 1,).
        true: share of the true pairs in each bin (B,).
        false: share of the false pairs in each bin (B,).
        true_pairs: number of pairs of one identity.
        false_pairs: number of pairs of two identities.
        queries: number of queries that were compared with the whole gallery.
    """

    edges: NDArray[np.float64]
    true: NDArray[np.float64]
    false: NDArray[np.float64]
    true_pairs: int
    false_pairs: int
    queries: int


def sample_queries(
    query: Embeddings,
    gallery: Embeddings,
    *,
    junk_pids: Iterable[int],
    most_pairs: int = 1 << 23,
    seed: int = 0,
) -> NDArray[np.int64]:
    """Ascending rows of queries to compare with the whole gallery: all, or a random part.

    Args:
        query: Q embeddings.
        gallery: G embeddings.
        junk_pids: identities that do not count.
        most_pairs: how many pairs to look at.
        seed: which queries, where all would be too many.
    """
    rows = np.flatnonzero(~np.isin(query.pids, np.array(sorted(junk_pids), np.int64)))
    most = max(1, most_pairs // max(1, len(gallery)))
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    return rows


def score_distributions(
    query: Embeddings, gallery: Embeddings, scores: PairScores, *, rows: NDArray[np.int64]
) -> ScoreDistributions:
    """Count the scores of true and of false pairs.

    There are as many bins as the rarer kind of pair can fill (Rice's rule); the rarest 0.05% of
    both kinds at either end fall into the outermost.

    Args:
        query: Q embeddings.
        gallery: G embeddings of the same model.
        scores: of pairs of the two.
        rows: of the queries to compare with the whole gallery.
    """
    true, false = _pairs(query, gallery, scores, rows)
    ends = [np.quantile(values, _RANGE) for values in (true, false) if len(values)]
    low = min((float(end[0]) for end in ends), default=0.0)
    high = max((float(end[1]) for end in ends), default=1.0)
    fewest = min([len(values) for values in (true, false) if len(values)], default=0)
    bins = int(np.clip(2 * fewest ** (1 / 3), 10, 60))
    edges = np.linspace(low, max(high, low + 1e-6), bins + 1)
    shares = [
        np.histogram(np.clip(values, edges[0], edges[-1], dtype=np.float64), edges)[0]
        / max(1, len(values))
        for values in (true, false)
    ]
    return ScoreDistributions(edges, shares[0], shares[1], len(true), len(false), len(rows))


def _pairs(
    query: Embeddings, gallery: Embeddings, scores: PairScores, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scores of all true and of all false pairs that count."""
    pids = query.pids[rows][:, None]
    true, false = [], []
    for columns, values in scores.blocks(rows):
        counts, same = np.isfinite(values), pids == gallery.pids[columns]
        true.append(values[counts & same])
        false.append(values[counts & ~same])
    return np.concatenate(true), np.concatenate(false)
