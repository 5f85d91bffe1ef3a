"""What a gallery answers: rows that were found, and what it is and holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reid_eval.metrics.options import Metric

__all__ = ["GalleryInfo", "Hits", "IndexReport", "StoredType"]

StoredType = Literal["float32", "float16"]
"""How features are kept; scores are those of the kept ones."""


@dataclass(frozen=True, eq=False)
class Hits:
    """The best rows for each of Q queries, in order.

    Attributes:
        ids: int64 (Q, K), rows of the gallery, best first; -1 where there were fewer than K.
        scores: float32 (Q, K), higher is better: the cosine, or minus the Euclidean distance;
            minus infinity in empty places.
        rows: what is known of the rows that appear, see `Gallery.get`; each once, by ``id``.
            Without rows if they were not asked for.
        metric: which score.
    """

    ids: NDArray[np.int64]
    scores: NDArray[np.float32]
    rows: pd.DataFrame
    metric: Metric

    def __len__(self) -> int:
        return len(self.ids)

    def to_frame(self) -> pd.DataFrame:
        """A long table: a line for a query and one of its answers.

        Columns: ``query`` (from 0), ``rank`` (from 1), ``score``, then those of `Gallery.get`.
        Empty places have no line.
        """
        query, place = (self.ids >= 0).nonzero()
        head = {"query": query, "rank": place + 1, "score": self.scores[query, place]}
        known = self.rows.set_index("id").loc[self.ids[query, place]].reset_index()
        return pd.concat([pd.DataFrame(head), known], axis=1)


@dataclass(frozen=True)
class IndexReport:
    """An approximate index, and what it costs in exactness.

    Attributes:
        kind: what it is, for people.
        rows: how many rows it covers; newer ones are searched exactly.
        recall: share of the exact answers that it finds, measured when it was built.
        top_k: of how many answers.
        queries: on how many queries, rows of the gallery.
        seconds: that it took to build.
    """

    kind: str
    rows: int
    recall: float
    top_k: int
    queries: int
    seconds: float


@dataclass(frozen=True)
class GalleryInfo:
    """What a gallery is and holds.

    Attributes:
        url: where it is.
        backend: ``"embedded"`` or ``"milvus"``.
        dimension: D, of one embedding.
        metric: ``"cosine"`` or ``"euclidean"``.
        dtype: how features are kept.
        model: facts about the model that filled it; ``fingerprint`` and what else must agree.
        created: seconds since 1970.
        rows: how many there are.
        people: how many identities that are not negative.
        cameras: the known cameras, ascending.
        first: the earliest known timestamp; None if no time is known.
        last: the latest known timestamp.
        size: bytes on disk; None where that is not known here.
        index: the approximate index, if there is one.
    """

    url: str
    backend: str
    dimension: int
    metric: Metric
    dtype: StoredType
    model: Mapping[str, Any]
    created: float
    rows: int
    people: int
    cameras: tuple[int, ...]
    first: float | None
    last: float | None
    size: int | None
    index: IndexReport | None
