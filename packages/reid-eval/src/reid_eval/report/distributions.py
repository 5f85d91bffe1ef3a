"""How the scores of true and of false matches are distributed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from reid_eval._filter import PairFilter, SearchFilter
from reid_eval.embeddings import Embeddings
from reid_eval.metrics.options import Metric

__all__ = ["SCORE_NAMES", "ScoreDistributions", "score_distributions"]

SCORE_NAMES = {"cosine": "cosine similarity", "euclidean": "Euclidean distance"}
"""What a metric counts, in the words of an axis."""

_GALLERY_ROWS = 1 << 13
_RANGE = (0.0005, 0.9995)


@dataclass(frozen=True)
class ScoreDistributions:
    """Histograms of the pairs' cosine similarities, or Euclidean distances.

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


def score_distributions(
    query: Embeddings,
    gallery: Embeddings,
    *,
    metric: Metric,
    camera_filter: SearchFilter,
    junk_pids: Iterable[int],
    most_pairs: int = 1 << 23,
    seed: int = 0,
) -> ScoreDistributions:
    """Compare some queries with the whole gallery and count the scores.

    There are as many bins as the rarer kind of pair can fill (Rice's rule); the rarest 0.05% of
    both kinds at either end fall into the outermost.

    Args:
        query: Q embeddings.
        gallery: G embeddings of the same model.
        metric: what is counted.
        camera_filter: which pairs count, as in the evaluation.
        junk_pids: identities that do not count.
        most_pairs: how many pairs to look at; fewer queries are taken, at random, if need be.
        seed: which queries.
    """
    junk = np.array(sorted(junk_pids), np.int64)
    rows = np.flatnonzero(~np.isin(query.pids, junk))
    most = max(1, most_pairs // max(1, len(gallery)))
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    some = query.take(rows)
    true, false = _pairs(some, gallery, metric, camera_filter, junk)
    ends = [np.quantile(values, _RANGE) for values in (true, false) if len(values)]
    low = min((float(end[0]) for end in ends), default=0.0)
    high = max((float(end[1]) for end in ends), default=1.0)
    fewest = min([len(values) for values in (true, false) if len(values)], default=0)
    bins = int(np.clip(2 * fewest ** (1 / 3), 10, 60))
    edges = np.linspace(low, max(high, low + 1e-6), bins + 1)
    shares = [
        np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0] / max(1, len(values))
        for values in (true, false)
    ]
    return ScoreDistributions(edges, shares[0], shares[1], len(true), len(false), len(some))


def _pairs(
    query: Embeddings,
    gallery: Embeddings,
    metric: Metric,
    camera_filter: SearchFilter,
    junk: NDArray[np.int64],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scores of all true and of all false pairs that count."""
    device = torch.device("cpu")
    hidden = PairFilter(query, gallery, kind=camera_filter, exclude_pids=junk, device=device)

    def prepared(features: NDArray[np.float32]) -> torch.Tensor:
        tensor = torch.from_numpy(np.array(features))
        return F.normalize(tensor, dim=1) if metric == "cosine" else tensor

    queries, pids = prepared(query.features), query.pids[:, None]
    true, false = [], []
    for start in range(0, len(gallery), _GALLERY_ROWS):
        stop = min(start + _GALLERY_ROWS, len(gallery))
        block = prepared(gallery.features[start:stop])
        scores = queries @ block.T if metric == "cosine" else torch.cdist(queries, block)
        hidden.hide(scores, rows=slice(None), columns=slice(start, stop))
        values = scores.numpy()
        counts, same = np.isfinite(values), pids == gallery.pids[start:stop]
        true.append(values[counts & same])
        false.append(values[counts & ~same])
    return np.concatenate(true), np.concatenate(false)
