"""The scores of pairs as an evaluation ranked them: by features alone, or changed after that."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from reid_eval._filter import PairFilter, SearchFilter
from reid_eval._topk import RunningTopK
from reid_eval.embeddings import Embeddings
from reid_eval.exact_search import search
from reid_eval.metrics import LeftOut, Metric

if TYPE_CHECKING:
    from reid_eval.scoring import Scoring

__all__ = ["FeatureScores", "PairScores", "RankedScores"]

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

_NAMES = {"cosine": "cosine similarity", "euclidean": "Euclidean distance"}
_GALLERY_ROWS = 1 << 13


class PairScores(Protocol):
    """Scores of queries with a gallery; pairs that do not count are hidden.

    Attributes:
        name: what a score is, in the words of an axis.
        decimals: how a score is written: a format specification.
    """

    name: str
    decimals: str

    def best(self, rows: Rows, *, top_k: int) -> tuple[Rows, Floats]:
        """Gallery rows ``(R, K)`` of the best answers, -1 in empty places, and their scores."""
        ...

    def blocks(self, rows: Rows) -> Iterator[tuple[slice, Floats]]:
        """Scores ``(R, C)`` for a slice of the gallery at a time, hidden ones not finite."""
        ...


class FeatureScores:
    """Cosine similarities, or Euclidean distances, of the features as they are.

    Args:
        query: Q embeddings.
        gallery: G embeddings of the same model.
        metric: what a score is.
        camera_filter: which pairs count, as in the evaluation.
        junk_pids: identities that do not count.
        left_out: further pairs of one identity that do not count.
    """

    def __init__(
        self,
        query: Embeddings,
        gallery: Embeddings,
        *,
        metric: Metric,
        camera_filter: SearchFilter,
        junk_pids: Collection[int] = (),
        left_out: LeftOut | None = None,
    ) -> None:
        self.name, self.decimals = _NAMES[metric], ".3f" if metric == "cosine" else ".4g"
        self._query, self._gallery, self._metric = query, gallery, metric
        self._camera_filter, self._junk = camera_filter, np.array(sorted(junk_pids), np.int64)
        self._left_out = left_out

    def best(self, rows: Rows, *, top_k: int) -> tuple[Rows, Floats]:
        """See [`PairScores`][reid_eval.report.scores.PairScores]; exact, as `search` is."""
        found = search(
            self._query.take(rows),
            self._gallery,
            top_k=top_k,
            metric=self._metric,
            camera_filter=self._camera_filter,
            exclude_pids=self._junk,
            left_out=_of_rows(self._left_out, rows),
        )
        return found.indices, found.scores if self._metric == "cosine" else found.distances

    def blocks(self, rows: Rows) -> Iterator[tuple[slice, Floats]]:
        """See [`PairScores`][reid_eval.report.scores.PairScores]."""
        hidden = _pairs(self._query, self._gallery, self._camera_filter, self._junk, self._left_out)
        queries = self._prepared(self._query.features[rows])
        chosen = torch.from_numpy(rows)
        for start in range(0, len(self._gallery), _GALLERY_ROWS):
            columns = slice(start, min(start + _GALLERY_ROWS, len(self._gallery)))
            block = self._prepared(self._gallery.features[columns])
            cosine = self._metric == "cosine"
            scores = queries @ block.T if cosine else torch.cdist(queries, block)
            hidden.hide(scores, rows=chosen, columns=columns)
            yield columns, scores.numpy()

    def _prepared(self, features: Floats) -> torch.Tensor:
        tensor = torch.from_numpy(np.array(features, np.float32))
        return F.normalize(tensor, dim=1) if self._metric == "cosine" else tensor


class RankedScores:
    """Distances after expansion, fusion with time or re-ranking; smaller is more alike.

    All queries take part in a re-ranking, so it is one pass over all of them, of which the chosen
    rows are kept.

    Args:
        query: Q embeddings.
        gallery: G embeddings of the same model.
        scoring: what ranked them.
        rows: ascending (R,), the queries that will be asked for.
        camera_filter: which pairs count, as in the evaluation.
        left_out: further pairs of one identity that do not count.
    """

    def __init__(
        self,
        query: Embeddings,
        gallery: Embeddings,
        scoring: Scoring,
        *,
        rows: Rows,
        camera_filter: SearchFilter,
        left_out: LeftOut | None = None,
    ) -> None:
        self.name, self.decimals = scoring.name, ".3f"
        self._rows, self._distances = rows, torch.empty(len(rows), len(gallery))
        for part, distances in scoring.blocks(query, gallery):
            first, last = np.searchsorted(rows, (part.start, part.stop))
            inside = torch.from_numpy(rows[first:last] - part.start).to(distances.device)
            self._distances[first:last] = distances[inside].float().cpu()
        junk = np.array(sorted(scoring.junk_pids), np.int64)
        hidden = _pairs(query, gallery, camera_filter, junk, left_out)
        hidden.hide(
            self._distances.neg_(), rows=torch.from_numpy(rows), columns=slice(0, len(gallery))
        )
        self._distances.neg_()

    def best(self, rows: Rows, *, top_k: int) -> tuple[Rows, Floats]:
        """See [`PairScores`][reid_eval.report.scores.PairScores]; equal ones by gallery row."""
        nearest = RunningTopK(
            len(rows), k=min(top_k, self._distances.shape[1]), device=torch.device("cpu")
        )
        nearest.update(-self._of(rows), row=0, column=0)
        columns, scores = nearest.result()
        return columns.numpy(), -scores.numpy()

    def blocks(self, rows: Rows) -> Iterator[tuple[slice, Floats]]:
        """See [`PairScores`][reid_eval.report.scores.PairScores]; the gallery is one slice."""
        yield slice(0, self._distances.shape[1]), self._of(rows).numpy()

    def _of(self, rows: Rows) -> torch.Tensor:
        return self._distances[torch.from_numpy(np.searchsorted(self._rows, rows))]


def _pairs(
    query: Embeddings,
    gallery: Embeddings,
    kind: SearchFilter,
    junk: Rows,
    left_out: LeftOut | None,
) -> PairFilter:
    return PairFilter(
        query,
        gallery,
        kind=kind,
        exclude_pids=junk,
        left_out=left_out,
        device=torch.device("cpu"),
    )


def _of_rows(left_out: LeftOut | None, rows: Rows) -> LeftOut | None:
    """The same rule for the queries at ``rows`` alone."""
    if left_out is None:
        return None
    rule = left_out
    return lambda queries, columns: rule(rows[queries], columns)
