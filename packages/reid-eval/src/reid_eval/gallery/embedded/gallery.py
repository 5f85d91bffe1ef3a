"""The embedded back end: a folder with files of features and a catalogue."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from reid_data.console import require
from reid_eval.embeddings import Embeddings, check_target
from reid_eval.gallery.checks import (
    agreed_model,
    check_present,
    check_row_ids,
    check_top_k,
    ids_to_delete,
    query_features,
)
from reid_eval.gallery.embedded.exact import exact_nearest
from reid_eval.gallery.embedded.index import build_index, can_search, propose
from reid_eval.gallery.embedded.store import TRIES, Store
from reid_eval.gallery.embedded.view import View
from reid_eval.gallery.exporting import export_rows
from reid_eval.gallery.filters import Filter
from reid_eval.gallery.grouping import best_of_groups
from reid_eval.gallery.incoming import COLUMNS, new_rows, without_duplicates
from reid_eval.gallery.interface import Advance, Duplicates, Gallery, GroupBy
from reid_eval.gallery.results import GalleryInfo, Hits, IndexReport, StoredType
from reid_eval.metrics.options import Metric

__all__ = ["EmbeddedGallery"]


class EmbeddedGallery(Gallery):
    """A gallery in a folder; made by `Gallery.create` and `Gallery.open`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._metric: Metric = store.catalog.fact("metric")

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
        }
        Store.create(Path(url), facts)
        return cls.open_at(url, "write")

    @classmethod
    def open_at(cls, url: str, mode: Literal["read", "write"]) -> Self:
        """See `Gallery.open`."""
        return cls(Store(Path(url), mode))

    def close(self) -> None:
        """See `Gallery.close`."""
        self._store.close()

    def add(
        self,
        embeddings: Embeddings | ArrayLike,
        table: pd.DataFrame | None = None,
        *,
        model: Mapping[str, Any] | None = None,
        duplicates: Duplicates = "refuse",
    ) -> NDArray[np.int64]:
        """See `Gallery.add`."""
        self._store.check_writable()
        catalog = self._store.catalog
        facts = agreed_model(catalog.fact("model"), embeddings, model)
        rows = new_rows(
            embeddings, table, dimension=self._store.dimension, dtype=catalog.fact("dtype")
        )
        fresh = without_duplicates(rows.paths, catalog.present(rows.paths), duplicates)
        ids = np.full(len(rows), -1, np.int64)
        if len(fresh):
            ids[fresh] = self._store.add(rows.take(fresh), facts)
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
        """See `Gallery.search`."""
        check_top_k(top_k, group_by)
        agreed_model(self._store.catalog.fact("model"), queries, model)
        features = query_features(queries, dimension=self._store.dimension)
        for _ in range(TRIES):
            view, matrices = self._store.open_view()
            chosen = view.passing(where, self._store.catalog)
            find = self._finder(features, view, matrices, chosen, approximate)
            if group_by is None:
                places, scores = find(top_k)
            else:
                groups = view.columns[group_by].take
                places, scores = best_of_groups(find, groups, top_k=top_k, most=len(chosen))
            ids = view.ids(places)
            known = self._known(view, np.unique(ids[ids >= 0]) if rows else ids[:0, 0])
            if known is not None:
                return Hits(ids, scores, known, self._metric)
        raise ValueError(f"{self._store.catalog.file} is damaged: it lacks rows that were added")

    def get(self, ids: ArrayLike) -> pd.DataFrame:
        """See `Gallery.get`."""
        wanted = check_row_ids(ids)
        for _ in range(TRIES):
            view = self._store.view()
            check_present(wanted, view.positions(wanted))
            known = self._known(view, wanted)
            if known is not None:
                return known
        raise ValueError(f"{self._store.catalog.file} is damaged: it lacks rows that were added")

    def features(self, ids: ArrayLike) -> NDArray[np.float32]:
        """See `Gallery.features`."""
        wanted = check_row_ids(ids)
        view, matrices = self._store.open_view()
        positions = view.positions(wanted)
        check_present(wanted, positions)
        values = np.empty((len(wanted), self._store.dimension), np.float32)
        start = 0
        for matrix in matrices:
            here = (positions >= start) & (positions < start + len(matrix))
            values[here] = matrix[positions[here] - start]
            start += len(matrix)
        return values

    def present(self, paths: Sequence[str]) -> set[str]:
        """See `Gallery.present`."""
        return self._store.catalog.present(paths)

    def image(self, row: int) -> bytes | None:
        """See `Gallery.image`."""
        wanted = check_row_ids(row)
        check_present(wanted, self._store.view().positions(wanted))
        return self._store.catalog.image(int(row))

    def ids(self, where: Filter | None = None) -> NDArray[np.int64]:
        """See `Gallery.ids`."""
        view = self._store.view()
        return np.ascontiguousarray(view.columns["id"][view.passing(where, self._store.catalog)])

    def delete(self, ids: ArrayLike | None = None, *, pid: int | None = None) -> int:
        """See `Gallery.delete`."""
        self._store.check_writable()
        return self._store.delete(ids_to_delete(self, ids, pid))

    def expire(self, older_than: float) -> int:
        """See `Gallery.expire`."""
        self._store.check_writable()
        return self._store.delete(self.ids(Filter(before=older_than)))

    def info(self, *, verify: bool = False) -> GalleryInfo:
        """See `Gallery.info`."""
        if verify:
            self._store.verify()
        catalog, view = self._store.catalog, self._store.view()
        columns = view.columns[view.rows]
        times = columns["timestamp"][~np.isnan(columns["timestamp"])]
        index = catalog.fact("index")
        people, cameras = np.unique(columns["pid"]), np.unique(columns["camid"])
        return GalleryInfo(
            url=str(self._store.folder),
            backend="embedded",
            dimension=self._store.dimension,
            metric=self._metric,
            dtype=catalog.fact("dtype"),
            model=catalog.fact("model"),
            created=catalog.fact("created"),
            rows=len(columns),
            people=int((people >= 0).sum()),
            cameras=tuple(cameras[cameras >= 0].tolist()),
            first=float(times.min()) if len(times) else None,
            last=float(times.max()) if len(times) else None,
            size=self._store.size(),
            index=None if index is None else IndexReport(**index["report"]),
        )

    def export(
        self, out: str | Path, *, where: Filter | None = None, advance: Advance | None = None
    ) -> Embeddings:
        """See `Gallery.export`."""
        return export_rows(self, check_target(out), self.ids(where), advance)

    def compact(self, *, advance: Advance | None = None) -> int:
        """See `Gallery.compact`."""
        self._store.check_writable()
        return self._store.rewrite(advance)

    def build_index(self, *, advance: Advance | None = None) -> IndexReport:
        """See `Gallery.build_index`."""
        self._store.check_writable()
        view, matrices = self._store.open_view()
        name = f"{view.generation:04d}-{view.version:08d}.faiss"
        file = self._store.folder / "index" / name
        report, settings = build_index(file, view, matrices, metric=self._metric, advance=advance)
        self._store.use_index({"file": name, "report": asdict(report), "settings": settings})
        return report

    def _finder(
        self,
        features: NDArray[np.float32],
        view: View,
        matrices: list[NDArray[Any]],
        chosen: NDArray[np.int64],
        approximate: bool | None,
    ) -> Callable[[int], tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """What finds the k best of the chosen rows."""
        index = None if approximate is False else self._store.catalog.fact("index")
        if approximate and index is None:
            raise ValueError(f"{self._store.folder} has no index; build one first")
        if index is None or not (approximate or can_search()):
            return partial(
                exact_nearest, features, matrices, view.squares, chosen, metric=self._metric
            )
        require("faiss", extra="reid-eval[faiss]", for_what="approximate search")
        file = self._store.folder / "index" / index["file"]
        return partial(
            propose,
            file,
            index["settings"],
            features,
            view,
            matrices,
            chosen,
            metric=self._metric,
            demanded=bool(approximate),
        )

    def _known(self, view: View, ids: NDArray[np.int64]) -> pd.DataFrame | None:
        """What is known of rows of the view; None if one was deleted since."""
        catalog = self._store.catalog
        columns = view.columns[view.positions(ids)] if len(ids) else view.columns[:0]
        paths = catalog.paths(ids.tolist())
        codes = set(columns["attributes"].tolist())
        texts = catalog.texts(codes)
        if len(texts) < len(codes) or not all(row in paths for row in ids.tolist()):
            return None
        values = {
            "id": ids,
            "path": [paths[row] for row in ids.tolist()],
            "attributes": [json.loads(texts[code]) for code in columns["attributes"].tolist()],
            **{name: columns[name] for name in ("pid", "camid", "timestamp", "tracklet")},
        }
        return pd.DataFrame(values, columns=["id", *COLUMNS])
