"""The Milvus back end."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from reid_eval.embeddings import Embeddings, check_target
from reid_eval.gallery.checks import (
    agreed_model,
    check_row_ids,
    check_top_k,
    ids_to_delete,
    query_features,
)
from reid_eval.gallery.exporting import export_rows
from reid_eval.gallery.filters import Filter
from reid_eval.gallery.grouping import best_of_groups
from reid_eval.gallery.incoming import COLUMNS, new_rows, without_duplicates
from reid_eval.gallery.interface import Advance, Duplicates, Gallery, GroupBy
from reid_eval.gallery.milvus.address import parse
from reid_eval.gallery.milvus.collection import MOST_ANSWERS, Collection, parts
from reid_eval.gallery.milvus.entities import check_room, described, entity, picture
from reid_eval.gallery.milvus.expressions import UNKNOWN_TIME, expression
from reid_eval.gallery.results import GalleryInfo, Hits, IndexReport, StoredType
from reid_eval.metrics.options import Metric

__all__ = ["MilvusGallery"]


class MilvusGallery(Gallery):
    """A gallery in a collection; made by `Gallery.create` and `Gallery.open`."""

    def __init__(self, collection: Collection, mode: str) -> None:
        self._collection, self._mode = collection, mode
        self._lock = threading.RLock()
        facts = collection.facts()
        self._dimension: int = facts["dimension"]
        self._metric: Metric = facts["metric"]
        self._dtype: StoredType = facts["dtype"]

    @classmethod
    def create_at(
        cls, url: str, *, dimension: int, metric: Metric, dtype: StoredType, model: dict[str, Any]
    ) -> Self:
        """See `Gallery.create`."""
        facts = {
            "dimension": dimension,
            "metric": metric,
            "dtype": dtype,
            "model": model,
            "created": time.time(),
            "next_id": 0,
        }
        collection = Collection.create(parse(url), facts, dimension=dimension, metric=metric)
        return cls(collection, "write")

    @classmethod
    def open_at(cls, url: str, mode: Literal["read", "write"]) -> Self:
        """See `Gallery.open`."""
        return cls(Collection.open(parse(url)), mode)

    def close(self) -> None:
        """See `Gallery.close`."""
        self._collection.close()

    def add(
        self,
        embeddings: Embeddings | ArrayLike,
        table: pd.DataFrame | None = None,
        *,
        model: Mapping[str, Any] | None = None,
        duplicates: Duplicates = "refuse",
    ) -> NDArray[np.int64]:
        """See `Gallery.add`."""
        self._check_writable()
        with self._lock:
            facts = self._collection.facts()
            agreed = agreed_model(facts["model"], embeddings, model)
            rows = new_rows(embeddings, table, dimension=self._dimension, dtype=self._dtype)
            check_room(rows)
            fresh = without_duplicates(rows.paths, self.present(rows.paths), duplicates)
            ids = np.full(len(rows), -1, np.int64)
            ids[fresh] = facts["next_id"] + np.arange(len(fresh))
            if not len(fresh):
                return ids
            # The ids are taken first, so that none is given again whatever happens next.
            facts.update(model=agreed, next_id=int(ids.max()) + 1)
            self._collection.state(facts)
            entities = (entity(rows, row, int(ids[row])) for row in fresh.tolist())
            try:
                self._collection.insert(entities, len(fresh))
            except BaseException:
                self._collection.remove(ids[fresh])
                raise
            return ids

    def search(
        self,
        queries: Embeddings | ArrayLike,
        top_k: int = 10,
        *,
        where: Filter | None = None,
        group_by: GroupBy | None = None,
        approximate: bool | None = None,
        rows: bool = True,
        model: Mapping[str, Any] | None = None,
    ) -> Hits:
        """See `Gallery.search`; at most 16,384 answers for a query."""
        check_top_k(top_k, group_by)
        agreed_model(self._collection.facts()["model"], queries, model)
        features = query_features(queries, dimension=self._dimension)
        if approximate:
            raise ValueError(f"{self._collection.shown} has no index but the exact one")
        groups = dict[int, int]()

        def find(k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
            return self._find(features, k, where, group_by, groups)

        if group_by is None:
            ids, scores = find(min(top_k, MOST_ANSWERS))
            ids, scores = _widened(ids, scores, top_k)
        else:
            most = min(self.count(where), MOST_ANSWERS)
            ids, scores = best_of_groups(
                find,
                lambda found: np.asarray([groups[row] for row in found.tolist()], np.int64),
                top_k=top_k,
                most=most,
            )
        known = np.unique(ids[ids >= 0]) if rows else np.empty(0, np.int64)
        return Hits(ids, scores, self._described(known), self._metric)

    def get(self, ids: ArrayLike) -> pd.DataFrame:
        """See `Gallery.get`."""
        wanted = check_row_ids(ids)
        return self._described(wanted)

    def features(self, ids: ArrayLike) -> NDArray[np.float32]:
        """See `Gallery.features`."""
        wanted = check_row_ids(ids)
        found = self._collection.rows_that_exist(wanted, ["features"])
        values = [found[row]["features"] for row in wanted.tolist()]
        return np.asarray(values, np.float32).reshape(len(wanted), self._dimension)

    def present(self, paths: Sequence[str]) -> set[str]:
        """See `Gallery.present`."""
        found = set[str]()
        for part in parts([path for path in paths if path], 100):
            listed = " or ".join(f"path == {json.dumps(path, ensure_ascii=False)}" for path in part)
            found.update(row["path"] for row in self._collection.every(["path"], listed))
        return found

    def image(self, row: int) -> bytes | None:
        """See `Gallery.image`."""
        return picture(
            self._collection.rows_that_exist(check_row_ids(row), ["image"])[int(row)]["image"]
        )

    def ids(self, where: Filter | None = None) -> NDArray[np.int64]:
        """See `Gallery.ids`."""
        ids = [row["id"] for row in self._collection.every(["id"], expression(where))]
        return np.sort(np.asarray(ids, np.int64))

    def count(self, where: Filter | None = None) -> int:
        """See `Gallery.count`."""
        return self._collection.count(expression(where))

    def delete(self, ids: ArrayLike | None = None, *, pid: int | None = None) -> int:
        """See `Gallery.delete`."""
        self._check_writable()
        wanted = np.unique(ids_to_delete(self, ids, pid))
        there = list(self._collection.rows(wanted, []))
        self._collection.remove(np.asarray(there, np.int64))
        return len(there)

    def expire(self, older_than: float) -> int:
        """See `Gallery.expire`."""
        self._check_writable()
        ids = self.ids(Filter(before=older_than))
        self._collection.remove(ids)
        return len(ids)

    def info(self, *, verify: bool = False) -> GalleryInfo:  # noqa: ARG002
        """See `Gallery.info`; what is on disk is checked by Milvus itself."""
        facts = self._collection.facts()
        columns = ["pid", "camid", "timestamp"]
        rows = pd.DataFrame(self._collection.every(columns), columns=columns)
        times = rows["timestamp"][rows["timestamp"] > UNKNOWN_TIME]
        cameras = np.unique(rows["camid"].to_numpy(np.int64))
        return GalleryInfo(
            url=self._collection.shown,
            backend="milvus",
            dimension=self._dimension,
            metric=self._metric,
            dtype=self._dtype,
            model=facts["model"],
            created=facts["created"],
            rows=len(rows),
            people=int(rows["pid"][rows["pid"] >= 0].nunique()),
            cameras=tuple(cameras[cameras >= 0].tolist()),
            first=float(times.min()) if len(times) else None,
            last=float(times.max()) if len(times) else None,
            size=None,
            index=None,
        )

    def export(
        self, out: str | Path, *, where: Filter | None = None, advance: Advance | None = None
    ) -> Embeddings:
        """See `Gallery.export`."""
        return export_rows(self, check_target(out), self.ids(where), advance)

    def compact(self, *, advance: Advance | None = None) -> int:
        """See `Gallery.compact`; Milvus does it in its own time, and does not say how much."""
        self._check_writable()
        self._collection.compact()
        if advance is not None:
            advance(self.count())
        return 0

    def build_index(self, *, advance: Advance | None = None) -> IndexReport:  # noqa: ARG002
        """See `Gallery.build_index`.

        Raises:
            ValueError: always; the collection keeps its exact index.
        """
        self._check_writable()
        raise ValueError(
            f"{self._collection.shown} keeps its exact index; Milvus shares it out itself"
        )

    def _check_writable(self) -> None:
        if self._mode != "write":
            raise ValueError(
                f"{self._collection.shown} is open for reading; open it with mode 'write'"
            )

    def _find(
        self,
        features: NDArray[np.float32],
        k: int,
        where: Filter | None,
        group_by: GroupBy | None,
        groups: dict[int, int],
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        answers = self._collection.nearest(
            features,
            k,
            expression(where),
            metric=self._metric,
            fields=[group_by] if group_by else ["id"],
        )
        ids = np.full((len(features), k), -1, np.int64)
        scores = np.full((len(features), k), -np.inf, np.float32)
        for place, hits in enumerate(answers):
            # Milvus promises nothing about equal scores: here they keep the order of ids.
            values = [(self._score(hit["distance"]), -hit["id"]) for hit in hits]
            for rank, (score, row) in enumerate(sorted(values, reverse=True)):
                ids[place, rank], scores[place, rank] = -row, score
            if group_by:
                groups.update({hit["id"]: hit["entity"][group_by] for hit in hits})
        return ids, scores

    def _score(self, distance: float) -> float:
        return distance if self._metric == "cosine" else -math.sqrt(max(distance, 0.0))

    def _described(self, ids: NDArray[np.int64]) -> pd.DataFrame:
        return described(ids, self._collection.rows_that_exist(ids, list(COLUMNS)))


def _widened(
    ids: NDArray[np.int64], scores: NDArray[np.float32], top_k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    missing = ((0, 0), (0, top_k - ids.shape[1]))
    return (
        np.pad(ids, missing, constant_values=-1),
        np.pad(scores, missing, constant_values=-np.inf),
    )
