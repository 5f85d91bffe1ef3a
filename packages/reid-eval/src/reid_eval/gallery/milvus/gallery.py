"""The Milvus back end."""

from __future__ import annotations

import base64
import json
import math
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from reid_eval.embeddings import Embeddings, check_target
from reid_eval.gallery.exporting import export_rows
from reid_eval.gallery.filters import Filter
from reid_eval.gallery.grouping import best_of_groups
from reid_eval.gallery.incoming import (
    COLUMNS,
    NewRows,
    agreed_model,
    check_present,
    check_row_ids,
    check_top_k,
    ids_to_delete,
    new_rows,
    query_features,
    without_duplicates,
)
from reid_eval.gallery.interface import (
    Advance,
    Duplicates,
    Gallery,
    GalleryInfo,
    GroupBy,
    Hits,
    IndexReport,
    StoredType,
)
from reid_eval.gallery.milvus.address import Address, connect, parse
from reid_eval.gallery.milvus.expressions import EVERY, UNKNOWN_TIME, among, expression
from reid_eval.gallery.milvus.schema import make_collection
from reid_eval.metrics.options import Metric

if TYPE_CHECKING:
    from pymilvus import MilvusClient

__all__ = ["MilvusGallery"]

_FACTS = "reid.facts"
_MOST_HITS = 16384  # Milvus' own limit for one answer
_AT_ONCE = 1000
_LARGEST_TEXT = 65535


class MilvusGallery(Gallery):
    """A gallery in a collection; made by `Gallery.create` and `Gallery.open`."""

    def __init__(self, address: Address, client: MilvusClient, mode: str) -> None:
        self._address, self._client, self._mode = address, client, mode
        self._lock = threading.RLock()
        facts = self._facts()
        self._dimension: int = facts["dimension"]
        self._metric: Metric = facts["metric"]
        self._dtype: StoredType = facts["dtype"]

    @classmethod
    def create_at(
        cls, url: str, *, dimension: int, metric: Metric, dtype: StoredType, model: dict[str, Any]
    ) -> Self:
        """See `Gallery.create`."""
        address = parse(url)
        client = connect(address)
        if client.has_collection(address.collection):
            client.close()
            raise ValueError(f"{address.shown} exists already; open it, or choose another name")
        facts = {
            "dimension": dimension,
            "metric": metric,
            "dtype": dtype,
            "model": model,
            "created": time.time(),
            "next_id": 0,
        }
        make_collection(client, address.collection, dimension, metric)
        client.alter_collection_properties(address.collection, {_FACTS: json.dumps(facts)})
        return cls(address, client, "write")

    @classmethod
    def open_at(cls, url: str, mode: Literal["read", "write"]) -> Self:
        """See `Gallery.open`."""
        address = parse(url)
        client = connect(address)
        if not client.has_collection(address.collection):
            client.close()
            raise ValueError(f"{address.shown} is no gallery: there is no such collection")
        client.load_collection(address.collection)
        return cls(address, client, mode)

    def close(self) -> None:
        """See `Gallery.close`."""
        self._client.close()

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
            facts = self._facts()
            agreed = agreed_model(facts["model"], embeddings, model)
            rows = new_rows(embeddings, table, dimension=self._dimension, dtype=self._dtype)
            _check_room(rows)
            fresh = without_duplicates(rows, self._present(rows.paths), duplicates)
            ids = np.full(len(rows), -1, np.int64)
            ids[fresh] = facts["next_id"] + np.arange(len(fresh))
            if not len(fresh):
                return ids
            # The ids are taken first, so that none is given again whatever happens next.
            facts.update(model=agreed, next_id=int(ids.max()) + 1)
            self._client.alter_collection_properties(
                self._address.collection, {_FACTS: json.dumps(facts)}
            )
            try:
                for part in _parts(fresh.tolist()):
                    data = [_entity(rows, row, int(ids[row])) for row in part]
                    self._client.insert(self._address.collection, data)
            except BaseException:
                self._remove(ids[fresh])
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
        agreed_model(self._facts()["model"], queries, model)
        features = query_features(queries, dimension=self._dimension)
        if approximate:
            raise ValueError(f"{self._address.shown} has no index but the exact one")
        groups = dict[int, int]()

        def find(k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
            return self._find(features, k, where, group_by, groups)

        if group_by is None:
            ids, scores = find(min(top_k, _MOST_HITS))
            ids, scores = _widened(ids, scores, top_k)
        else:
            most = min(self.count(where), _MOST_HITS)
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
        found = self._looked_up(wanted, ["features"])
        values = [found[row]["features"] for row in wanted.tolist()]
        return np.asarray(values, np.float32).reshape(len(wanted), self._dimension)

    def image(self, row: int) -> bytes | None:
        """See `Gallery.image`."""
        text = self._looked_up(check_row_ids(row), ["image"])[int(row)]["image"]
        return base64.b64decode(text[1:]) if text else None

    def ids(self, where: Filter | None = None) -> NDArray[np.int64]:
        """See `Gallery.ids`."""
        ids = [row["id"] for row in self._all(expression(where), ["id"])]
        return np.sort(np.asarray(ids, np.int64))

    def count(self, where: Filter | None = None) -> int:
        """See `Gallery.count`."""
        found = self._client.query(
            self._address.collection,
            filter=expression(where),
            output_fields=["count(*)"],
            consistency_level="Strong",
        )
        return int(found[0]["count(*)"])

    def delete(self, ids: ArrayLike | None = None, *, pid: int | None = None) -> int:
        """See `Gallery.delete`."""
        self._check_writable()
        wanted = np.unique(ids_to_delete(self, ids, pid))
        there = [row["id"] for part in _parts(wanted.tolist()) for row in self._query(part, ["id"])]
        self._remove(np.asarray(there, np.int64))
        return len(there)

    def expire(self, older_than: float) -> int:
        """See `Gallery.expire`."""
        self._check_writable()
        ids = self.ids(Filter(before=older_than))
        self._remove(ids)
        return len(ids)

    def info(self, *, verify: bool = False) -> GalleryInfo:  # noqa: ARG002
        """See `Gallery.info`; what is on disk is checked by Milvus itself."""
        facts = self._facts()
        rows = pd.DataFrame(
            self._all(EVERY, ["pid", "camid", "timestamp"]), columns=["pid", "camid", "timestamp"]
        )
        times = rows["timestamp"][rows["timestamp"] > UNKNOWN_TIME]
        cameras = np.unique(rows["camid"].to_numpy(np.int64))
        return GalleryInfo(
            url=self._address.shown,
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
        self._client.compact(self._address.collection)
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
            f"{self._address.shown} keeps its exact index; Milvus shares it out itself"
        )

    def _facts(self) -> dict[str, Any]:
        properties = self._client.describe_collection(self._address.collection)["properties"]
        if _FACTS not in properties:
            raise ValueError(f"{self._address.shown} is no gallery of this software")
        facts: dict[str, Any] = json.loads(properties[_FACTS])
        return facts

    def _check_writable(self) -> None:
        if self._mode != "write":
            raise ValueError(
                f"{self._address.shown} is open for reading; open it with mode 'write'"
            )

    def _find(
        self,
        features: NDArray[np.float32],
        k: int,
        where: Filter | None,
        group_by: GroupBy | None,
        groups: dict[int, int],
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        answers = self._client.search(
            self._address.collection,
            data=features.tolist(),
            filter=expression(where),
            limit=k,
            output_fields=[group_by] if group_by else ["id"],
            search_params={"metric_type": "COSINE" if self._metric == "cosine" else "L2"},
            consistency_level="Strong",
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

    def _present(self, paths: Sequence[str]) -> set[str]:
        found = set[str]()
        for part in _parts([path for path in paths if path], 100):
            listed = " or ".join(f"path == {json.dumps(path, ensure_ascii=False)}" for path in part)
            found.update(row["path"] for row in self._all(listed, ["path"]))
        return found

    def _described(self, ids: NDArray[np.int64]) -> pd.DataFrame:
        found = self._looked_up(ids, list(COLUMNS))
        rows = [{**found[row], "id": row} for row in ids.tolist()]
        table = pd.DataFrame(rows, columns=["id", *COLUMNS])
        table["timestamp"] = table["timestamp"].astype(float)
        table["timestamp"] = table["timestamp"].mask(table["timestamp"] <= UNKNOWN_TIME)
        whole = ("id", "pid", "camid", "tracklet")
        return table.astype(dict.fromkeys(whole, np.int64))

    def _looked_up(self, ids: NDArray[np.int64], fields: list[str]) -> dict[int, dict[str, Any]]:
        found = {
            row["id"]: row
            for part in _parts(np.unique(ids).tolist())
            for row in self._query(part, ["id", *fields])
        }
        check_present(ids, np.asarray([0 if row in found else -1 for row in ids.tolist()]))
        return found

    def _query(self, ids: Sequence[int], fields: list[str]) -> list[dict[str, Any]]:
        found = self._client.query(
            self._address.collection,
            filter=among("id", ids),
            output_fields=fields,
            limit=_MOST_HITS,
            consistency_level="Strong",
        )
        return [dict(row) for row in found]

    def _all(self, condition: str, fields: list[str]) -> list[dict[str, Any]]:
        walk = self._client.query_iterator(
            self._address.collection,
            batch_size=_AT_ONCE,
            filter=condition,
            output_fields=fields,
            consistency_level="Strong",
        )
        found: list[dict[str, Any]] = []
        try:
            while part := walk.next():
                found.extend(dict(row) for row in part)
        finally:
            walk.close()
        return found

    def _remove(self, ids: NDArray[np.int64]) -> None:
        for part in _parts(ids.tolist()):
            self._client.delete(self._address.collection, filter=among("id", part))


def _entity(rows: NewRows, row: int, name: int) -> dict[str, Any]:
    seconds, image = float(rows.timestamps[row]), rows.images[row]
    return {
        "id": name,
        "features": rows.features[row].astype(np.float32).tolist(),
        "path": rows.paths[row],
        "timestamp": UNKNOWN_TIME if math.isnan(seconds) else seconds,
        "attributes": json.loads(rows.attributes[row]),
        "image": "" if image is None else "." + base64.b64encode(image).decode(),
        **{column: int(values[row]) for column, values in rows.ids.items()},
    }


def _check_room(rows: NewRows) -> None:
    for row, image in enumerate(rows.images):
        if image is not None and 4 * len(image) // 3 + 5 > _LARGEST_TEXT:
            raise ValueError(
                f"the picture of row {row} has {len(image):,} bytes, Milvus keeps at most "
                f"{3 * _LARGEST_TEXT // 4 - 4:,}; encode it smaller"
            )


def _widened(
    ids: NDArray[np.int64], scores: NDArray[np.float32], top_k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    missing = ((0, 0), (0, top_k - ids.shape[1]))
    return (
        np.pad(ids, missing, constant_values=-1),
        np.pad(scores, missing, constant_values=-np.inf),
    )


def _parts(items: Sequence[Any], size: int = _AT_ONCE) -> Iterator[Sequence[Any]]:
    return (items[start : start + size] for start in range(0, len(items), size))
