"""How all pairs of a query and a gallery image score, counted without being kept.

Scores are counted on a fine grid, block by block, so errors at any threshold of the grid are exact
shares of all pairs, and neither the pairs nor a sample of them is held. The best match and the
best other answer of each query, which decide an identification, are kept on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from reid_eval._filter import PairFilter
from reid_eval.embedders import resolve_device
from reid_eval.embeddings import Embeddings, check_comparable
from reid_eval.metrics.options import CameraFilter, Metric, check_option

__all__ = ["PairScores", "ScoreCounts", "score_pairs"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]

_BINS = 1 << 16
_QUERIES, _CELLS = 1024, 1 << 22


@dataclass(frozen=True, eq=False)
class ScoreCounts:
    """Pairs by score; bin ``k`` holds scores from ``thresholds[k]`` up to the next threshold.

    Attributes:
        thresholds: float64 (B,), ascending, evenly spaced. The first and last bin also take what
            rounding puts beyond the range.
        genuine: int64 (B,), pairs of one identity.
        impostor: int64 (B,), pairs of two.
    """

    thresholds: _Floats
    genuine: _Ints
    impostor: _Ints


@dataclass(frozen=True, eq=False)
class PairScores:
    """What a pass over all pairs leaves; scores are higher for more alike.

    Attributes:
        counts: of all pairs that may answer each other.
        best_match: float64 (Q,), score of each query's best match; minus infinity without one.
        best_other: float64 (Q,), score of the best answer that is somebody else.
    """

    counts: ScoreCounts
    best_match: _Floats
    best_other: _Floats

    @property
    def best(self) -> _Floats:
        """Score of each query's best answer (Q,)."""
        return np.maximum(self.best_match, self.best_other)


def score_pairs(
    query: Embeddings,
    gallery: Embeddings,
    *,
    metric: Metric = "cosine",
    camera_filter: CameraFilter = "cross-camera",
    junk_pids: Collection[int] = (-1,),
    device: str | torch.device = "cpu",
    advance: Callable[[int], None] | None = None,
) -> PairScores:
    """Score every pair once.

    Args:
        query: Q embeddings; junk ones count in no pair.
        gallery: G embeddings of the same model; may be a memory map.
        metric: ``"cosine"``, or ``"euclidean"``, whose score is minus the distance.
        camera_filter: which pairs may answer each other, as in the evaluation.
        junk_pids: identities that do not count.
        device: where to compute.
        advance: called with the number of queries just scored.

    Raises:
        ValueError: the embeddings cannot be compared or are not finite, or an unknown option.
    """
    check_option("metric", metric, Metric)
    check_option("camera_filter", camera_filter, CameraFilter)
    check_comparable(query, gallery)
    where = resolve_device(device)
    junk = np.array(sorted(junk_pids), np.int64)
    low, high = _range(query, gallery, metric)
    width = (high - low) / _BINS
    counts = torch.zeros(2, _BINS, dtype=torch.int64, device=where)
    best = torch.full((2, len(query)), -torch.inf, device=where)
    pids = torch.from_numpy(gallery.pids.copy()).to(where)
    hidden = PairFilter(query, gallery, kind=camera_filter, exclude_pids=junk, device=where)
    for start in range(0, len(query), _QUERIES):
        rows = slice(start, min(start + _QUERIES, len(query)))
        asked = _features(query, rows, metric, where)
        own = torch.from_numpy(query.pids[rows].copy()).to(where)[:, None]
        is_junk = torch.from_numpy(np.isin(query.pids[rows], junk)).to(where)[:, None]
        step = max(1, _CELLS // len(asked))
        for first in range(0, len(gallery), step):
            columns = slice(first, min(first + step, len(gallery)))
            scores = _scores(asked, _features(gallery, columns, metric, where), metric)
            hidden.hide(scores, rows=rows, columns=columns)
            scores.masked_fill_(is_junk, -torch.inf)
            same = own == pids[columns]
            _count(scores, same, counts, low=low, width=width)
            for kind, mask in enumerate((~same, same)):
                top = scores.masked_fill(mask, -torch.inf).amax(dim=1)
                best[kind, rows] = torch.maximum(best[kind, rows], top)
        if advance is not None:
            advance(len(asked))
    thresholds = low + width * np.arange(_BINS, dtype=np.float64)
    genuine, impostor = counts.cpu().numpy()
    matches, others = best.double().cpu().numpy()
    return PairScores(ScoreCounts(thresholds, genuine, impostor), matches, others)


def _features(side: Embeddings, rows: slice, metric: Metric, device: torch.device) -> Tensor:
    block = torch.from_numpy(np.array(side.features[rows])).to(device)
    if not torch.isfinite(block).all():
        raise ValueError("the embeddings hold values that are not finite; embed again")
    return F.normalize(block, dim=1) if metric == "cosine" else block


def _scores(asked: Tensor, block: Tensor, metric: Metric) -> Tensor:
    return asked @ block.T if metric == "cosine" else -torch.cdist(asked, block)


def _count(scores: Tensor, same: Tensor, counts: Tensor, *, low: float, width: float) -> None:
    """Add the finite scores (R, C) to the counts (2, B) of genuine and impostor pairs."""
    hidden = scores == -torch.inf
    bins = ((scores - low) / width).clamp_(0, _BINS - 1).to(torch.int32)  # rounds down
    bins.masked_fill_(hidden, _BINS)
    everyone = torch.bincount(bins.view(-1), minlength=_BINS + 1)[:_BINS]
    genuine = torch.bincount(bins[same & ~hidden], minlength=_BINS)
    counts[0] += genuine
    counts[1] += everyone - genuine


def _range(query: Embeddings, gallery: Embeddings, metric: Metric) -> tuple[float, float]:
    """Bounds of all scores: no distance exceeds the sum of the two longest embeddings."""
    if metric == "cosine":
        return -1.0, 1.0
    longest = [
        max(
            float(np.linalg.norm(side.features[row : row + _QUERIES], axis=1).max())
            for row in range(0, len(side), _QUERIES)
        )
        for side in (query, gallery)
    ]
    return -max(sum(longest), 1e-6), 0.0
