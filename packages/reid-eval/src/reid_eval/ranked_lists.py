"""Ranked lists of re-ranked distances, and the metrics of the same pass."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from reid_eval._filter import PairFilter
from reid_eval._topk import RunningTopK
from reid_eval.embedders import resolve_device
from reid_eval.embeddings import Embeddings, check_comparable
from reid_eval.evaluation import ProtocolResult, Trial, evaluate_protocol
from reid_eval.exact_search import SearchResult
from reid_eval.metrics import NoMatchError, retrieval_metrics_from_blocks
from reid_eval.protocols import Comparison, CrossCamera
from reid_eval.scoring import Blocks, Scoring

__all__ = ["rerank_lists"]


def rerank_lists(
    query: Embeddings, gallery: Embeddings, *, scoring: Scoring, top_k: int = 100
) -> tuple[ProtocolResult | None, ProtocolResult | None, SearchResult]:
    """The best answers of every query after re-ranking, in one pass over the distances.

    Args:
        query: Q embeddings.
        gallery: G embeddings of the same model.
        scoring: how to re-rank.
        top_k: answers for each query; 0 means all G.

    Returns:
        The metrics without and with re-ranking (None where no query has a match), and the lists;
        what the camera filter leaves out is in no list.

    Raises:
        ValueError: embeddings that cannot be compared, or times that are missing.
    """
    check_comparable(query, gallery)
    how = scoring.camera_filter or "cross-camera"
    comparison = Comparison(query, gallery, camera_filter=how)
    watched = _Watched(comparison, scoring, top_k or len(gallery))
    plain = Scoring(
        metric=scoring.metric,
        camera_filter=how,
        junk_pids=scoring.junk_pids,
        average_precision=scoring.average_precision,
        ties=scoring.ties,
        device=scoring.device,
    )
    before = after = None
    try:
        before = evaluate_protocol(query, gallery, CrossCamera(), scoring=plain)
        report = retrieval_metrics_from_blocks(
            watched,
            query.pids,
            gallery.pids,
            query_camids=query.camids,
            gallery_camids=gallery.camids,
            camera_filter=how,
            junk_pids=scoring.junk_pids,
            average_precision=scoring.average_precision,
            ties=scoring.ties,
            device=resolve_device(scoring.device),
        )
        after = ProtocolResult(CrossCamera(), [Trial(report, query.table)], comparison)
    except NoMatchError:
        pass
    return before, after, watched.lists()


class _Watched:
    """Distances on their way to the metrics; their smallest are kept."""

    def __init__(self, comparison: Comparison, scoring: Scoring, top_k: int) -> None:
        self._query, self._gallery = comparison.query, comparison.gallery
        self._k = min(top_k, len(self._gallery))
        self._blocks: Blocks = scoring.blocks(self._query, self._gallery)
        self._pairs = PairFilter(
            self._query,
            self._gallery,
            kind=comparison.camera_filter,
            exclude_pids=tuple(scoring.junk_pids),
            device=resolve_device(scoring.device),
        )
        self._indices: list[Tensor] = []
        self._scores: list[Tensor] = []

    def __iter__(self) -> Iterator[tuple[slice, Tensor]]:
        every = slice(0, len(self._gallery))
        for rows, block in self._blocks:
            scores = -block.float()
            self._pairs.hide(scores, rows=rows, columns=every)
            best = RunningTopK(len(scores), k=self._k, device=scores.device)
            best.update(scores, row=0, column=0)
            indices, kept = best.result()
            self._indices.append(indices.cpu())
            self._scores.append(kept.cpu())
            yield rows, block

    def lists(self) -> SearchResult:
        """The lists of all queries, also of those that the metrics did not ask for."""
        for _ in self:
            pass
        indices, scores = torch.cat(self._indices), torch.cat(self._scores)
        return SearchResult(
            self._query,
            self._gallery,
            indices.numpy().astype(np.int64),
            scores.numpy(),
            "re-ranked",
        )
