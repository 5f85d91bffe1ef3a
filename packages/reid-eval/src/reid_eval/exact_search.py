"""Exact nearest neighbours, streamed by blocks, on any device."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from numpy.typing import ArrayLike, NDArray

from reid_data.files import replacing
from reid_eval._filter import PairFilter, SearchFilter
from reid_eval._nearest import Nearest
from reid_eval.embedders import resolve_device
from reid_eval.embeddings import Embeddings, check_comparable
from reid_eval.metrics.features import FeatureBlocks
from reid_eval.metrics.matching import LeftOut
from reid_eval.metrics.options import Metric
from reid_eval.metrics.streaming import make_backend

__all__ = ["SearchFilter", "SearchResult", "search"]

_FRAME_ROWS = 1 << 18
_SMALL = 1 << 23  # multiplications, which take less time than loading a compiler


@dataclass(frozen=True, eq=False)
class SearchResult:
    """The best gallery images of every query, in order.

    Attributes:
        query: the Q queries.
        gallery: the G images that were searched.
        indices: int64 (Q, K), gallery rows, best first; -1 where the filter left fewer than K.
        scores: float32 (Q, K), higher is better: the cosine, or minus the Euclidean distance;
            minus infinity in empty places.
        metric: ``"cosine"`` or ``"euclidean"``; or ``"re-ranked"``, where a score is minus the
            re-ranked distance.
    """

    query: Embeddings
    gallery: Embeddings
    indices: NDArray[np.int64]
    scores: NDArray[np.float32]
    metric: Metric | Literal["re-ranked"]

    @property
    def distances(self) -> NDArray[np.float32]:
        """float32 (Q, K), lower is better: 1 - cosine (never below 0), or the other ones."""
        return np.maximum(1 - self.scores, 0) if self.metric == "cosine" else -self.scores

    def to_frame(self, queries: slice = slice(None)) -> pd.DataFrame:
        """A long table: one row for a query and one of its answers.

        Columns: ``query`` (path), ``rank`` (from 1), ``path``, ``pid`` and ``camid`` of the
        gallery image, ``score`` and ``distance``. Empty places have no row.

        Args:
            queries: which queries; all of them unless told.
        """
        indices, scores = self.indices[queries], self.scores[queries]
        row, place = (indices >= 0).nonzero()
        found = indices[row, place]
        answers = self.gallery.table.iloc[found]
        names = self.query.table["path"].to_numpy()[queries]
        return pd.DataFrame(
            {
                "query": names[row],
                "rank": place + 1,
                "path": answers["path"].to_numpy(),
                "pid": answers["pid"].to_numpy(np.int64),
                "camid": answers["camid"].astype("Int64").array,
                "score": scores[row, place],
                "distance": self.distances[queries][row, place],
            }
        )

    def to_parquet(self, file: str | Path) -> Path:
        """Write the long table, a few queries at a time, whole or not at all."""
        path = Path(file)
        step = max(1, _FRAME_ROWS // max(1, self.indices.shape[1]))
        with replacing(path) as temporary:
            writer: pq.ParquetWriter | None = None
            for start in range(0, max(1, len(self.indices)), step):
                frame = self.to_frame(slice(start, start + step))
                part = pa.Table.from_pandas(frame, preserve_index=False)
                writer = writer or pq.ParquetWriter(temporary, part.schema)
                writer.write_table(part)
            if writer is not None:
                writer.close()
        return path


def search(
    query: Embeddings,
    gallery: Embeddings,
    *,
    top_k: int = 10,
    metric: Metric = "cosine",
    camera_filter: SearchFilter = "none",
    exclude_pids: ArrayLike = (),
    left_out: LeftOut | None = None,
    device: str | torch.device = "cpu",
    advance: Callable[[int], None] | None = None,
) -> SearchResult:
    """Find the ``top_k`` nearest gallery images of every query, exactly.

    The gallery is read block by block, so it may be a memory map larger than memory. The order is
    the one of the metrics: exact scores, and equal ones keep the order of the gallery; it does not
    depend on the device.

    Args:
        query: Q embeddings.
        gallery: G embeddings of the same model.
        top_k: K, answers for each query; 0 means all G.
        metric: ``"cosine"``, or ``"euclidean"`` on the embeddings as they are.
        camera_filter: ``"none"``; ``"cross-camera"`` leaves out what the query's own camera saw of
            the query's own identity, as the evaluation does; ``"other-cameras"`` leaves out all
            that the query's own camera saw, for queries whose identity is not known. Unknown
            cameras are never left out.
        exclude_pids: gallery identities that are never an answer, for example -1.
        left_out: further pairs of one identity that are no answer to each other: called with the
            rows ``(M,)`` of queries and of gallery images, it returns bool ``(M,)``.
        device: where to compute; ``"auto"`` is the GPU if there is one.
        advance: called with the number of gallery images just compared.

    Raises:
        ValueError: nothing to search in or for, an unknown option, embeddings that cannot be
            compared, or values that are not finite.

    Examples:
        >>> table = pd.DataFrame({"path": ["a", "b"], "pid": [1, 2], "camid": [1, 1]})
        >>> people = Embeddings(np.eye(2, dtype=np.float32), table, Path("people"))
        >>> search(people, people, top_k=1).indices.tolist()
        [[0], [1]]
    """
    _check(query, gallery, top_k, metric, camera_filter)
    where = resolve_device(device)
    pairs = PairFilter(
        query,
        gallery,
        kind=camera_filter,
        exclude_pids=exclude_pids,
        left_out=left_out,
        device=where,
    )
    size = len(query) * len(gallery) * query.dimension
    with closing(make_backend("torch" if size < _SMALL else "auto", where)) as counting:
        nearest = Nearest(
            FeatureBlocks("query", query.features, device=where),
            FeatureBlocks("gallery", gallery.features, device=where),
            metric=metric,
            counting=counting,
            hide=pairs.hide,
        )
        k = min(top_k or len(gallery), len(gallery))
        indices, exact = nearest.find(k, advance=advance or (lambda _: None))
    scores = exact if metric == "cosine" else -np.sqrt(np.maximum(-exact, 0))
    return SearchResult(query, gallery, indices, scores.astype(np.float32), metric)


def _check(query: Embeddings, gallery: Embeddings, top_k: int, metric: str, kind: str) -> None:
    for name, side in (("query", query), ("gallery", gallery)):
        if not len(side):
            raise ValueError(f"the {name} has no embeddings, there is nothing to search")
    if top_k < 0:
        raise ValueError(f"top_k must be 0 (all) or more, got {top_k}")
    for name, value, allowed in (
        ("metric", metric, get_args(Metric)),
        ("camera_filter", kind, get_args(SearchFilter)),
    ):
        if value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
    check_comparable(query, gallery)
