"""Approximate search: an inverted file of half-precision features (extra ``faiss``).

The index only proposes rows; their scores are computed from the kept features. It names rows by
their ids, so it stays right while rows are deleted; rows that are newer than it are searched
exactly.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid_data.console import require
from reid_data.files import replacing
from reid_eval.gallery.embedded.exact import exact_nearest, ranked_exactly
from reid_eval.gallery.embedded.segments import sync_folder
from reid_eval.gallery.embedded.view import View
from reid_eval.gallery.interface import Advance
from reid_eval.gallery.results import IndexReport
from reid_eval.metrics.options import Metric

__all__ = ["FEWEST_ROWS", "build_index", "can_search", "propose"]

FEWEST_ROWS = 1000
_RECALL = 0.97  # what the number of probed lists is chosen for
_QUERIES, _TOP = 200, 10
_TRAINED_ON, _ROWS_A_LIST = 40, 39  # faiss asks for 39 rows a list
_AT_ONCE = 1 << 15
_LARGEST_SHARE = 1 / 12  # of the lists, measured on a million rows: beyond it a product is faster


def can_search() -> bool:
    """Whether what reads an index is installed."""
    return find_spec("faiss") is not None


def build_index(
    file: Path,
    view: View,
    matrices: Sequence[NDArray[Any]],
    *,
    metric: Metric,
    advance: Advance | None,
) -> tuple[IndexReport, dict[str, int]]:
    """Write an index over all rows of a view, and measure its recall against exact search.

    Returns:
        What to tell people, and what `propose` needs to know.

    Raises:
        ValueError: there are too few rows.
        MissingExtraError: faiss is not installed.
    """
    require("faiss", extra="reid-eval[faiss]", for_what="an approximate index")
    import faiss

    rows = view.rows
    if len(rows) < FEWEST_ROWS:
        raise ValueError(f"an index needs {FEWEST_ROWS} rows, there are {len(rows)}")
    started = time.perf_counter()
    lists = max(1, min(int(4 * np.sqrt(len(rows))), len(rows) // _ROWS_A_LIST))
    kind = faiss.METRIC_INNER_PRODUCT if metric == "cosine" else faiss.METRIC_L2
    dimension = matrices[0].shape[1]
    index = faiss.index_factory(dimension, f"IVF{lists},SQfp16", kind)
    random = np.random.default_rng(0)
    sample = np.sort(random.permutation(rows)[: _TRAINED_ON * lists])
    index.train(_gathered(matrices, sample, metric))
    for start in range(0, len(rows), _AT_ONCE):
        part = rows[start : start + _AT_ONCE]
        index.add_with_ids(_gathered(matrices, part, metric), view.columns["id"][part])
        if advance is not None:
            advance(len(part))
    queries = np.sort(random.permutation(rows)[:_QUERIES])
    recall, probes = _tune(index, view, matrices, queries, metric)
    with replacing(file) as temporary:
        faiss.write_index(index, str(temporary))
        handle = os.open(temporary, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
    sync_folder(file.parent)
    name = f"inverted file, {lists} lists, {probes} looked into, half precision"
    seconds = time.perf_counter() - started
    report = IndexReport(name, len(rows), recall, _TOP, len(queries), round(seconds, 3))
    return report, {"probes": probes, "last": int(view.columns["id"][rows[-1]])}


def propose(
    file: Path,
    settings: dict[str, int],
    queries: NDArray[np.float32],
    view: View,
    matrices: Sequence[NDArray[Any]],
    chosen: NDArray[np.int64],
    top_k: int,
    *,
    metric: Metric,
    demanded: bool,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """As `exact_nearest`, of the rows that the index proposes and all that are newer.

    Unless the index is demanded, many queries that would look into many lists are searched
    exactly: one product for all of them then takes less time.

    Raises:
        ValueError: the index cannot be read.
    """
    index = _load(file)
    ids = view.columns["id"]
    newer = chosen[ids[chosen] > settings["last"]]
    covered = chosen[: len(chosen) - len(newer)]
    if 2 * len(covered) < index.ntotal:
        # Few pass and are spread thinly over the lists; looking at all of them is as fast.
        return exact_nearest(queries, matrices, view.squares, chosen, top_k, metric=metric)
    # The number of lists was chosen for `_TOP` answers.
    probes = min(index.nlist, settings["probes"] * -(-top_k // _TOP))
    if not demanded and probes / index.nlist > 1 / len(queries) + _LARGEST_SHARE:
        return exact_nearest(queries, matrices, view.squares, chosen, top_k, metric=metric)
    found = _search(index, ids[covered], _unit(queries, metric), top_k, probes)
    places = view.positions(found.reshape(-1)).reshape(found.shape)
    columns, scores = ranked_exactly(queries, matrices, view.squares, places, metric=metric)
    if len(newer):
        more = exact_nearest(queries, matrices, view.squares, newer, top_k, metric=metric)
        columns = np.concatenate([columns, more[0]], axis=1)
        scores = np.concatenate([scores, more[1]], axis=1)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :top_k]
        columns = np.take_along_axis(columns, order, 1)
        scores = np.take_along_axis(scores, order, 1)
    return columns, scores


def _tune(
    index: Any,
    view: View,
    matrices: Sequence[NDArray[Any]],
    queries: NDArray[np.int64],
    metric: Metric,
) -> tuple[float, int]:
    """The recall, a row itself left out, and the number of probed lists that reaches it."""
    features = _gathered(matrices, queries, None)
    exact, _ = exact_nearest(features, matrices, view.squares, view.rows, _TOP + 1, metric=metric)
    wanted = view.columns["id"][exact]
    own, probes = view.columns["id"][queries], 1
    while True:
        index.nprobe = probes
        found = index.search(_unit(features, metric), _TOP + 1)[1]
        shares = [
            len((set(ours.tolist()) - {me}) & set(theirs.tolist())) / len(set(ours.tolist()) - {me})
            for ours, theirs, me in zip(wanted, found, own, strict=True)
        ]
        recall = float(np.mean(shares))
        if recall >= _RECALL or probes >= index.nlist:
            return recall, probes
        probes = min(2 * probes, index.nlist)


def _search(
    index: Any, allowed: NDArray[np.int64], queries: NDArray[np.float32], top_k: int, probes: int
) -> NDArray[np.int64]:
    import faiss

    options: dict[str, Any] = {"nprobe": probes}
    if len(allowed) < index.ntotal:
        marks = np.zeros(int(allowed[-1]) + 1, bool)
        marks[allowed] = True
        selector: Any = faiss.IDSelectorBitmap
        options["sel"] = selector(np.packbits(marks, bitorder="little"))
    found = index.search(queries, top_k, params=faiss.SearchParametersIVF(**options))[1]
    return np.asarray(found, np.int64)


@lru_cache(maxsize=4)
def _load(file: Path) -> Any:
    import faiss

    try:
        return faiss.read_index(str(file), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)
    except RuntimeError as error:
        raise ValueError(f"{file} is damaged, build the index again") from error


def _gathered(
    matrices: Sequence[NDArray[Any]], positions: NDArray[np.int64], metric: Metric | None
) -> NDArray[np.float32]:
    """Rows at ascending positions, for faiss: of length 1 where the cosine counts."""
    parts, start = [], 0
    for matrix in matrices:
        first, last = np.searchsorted(positions, [start, start + len(matrix)])
        parts.append(matrix[positions[first:last] - start])
        start += len(matrix)
    return _unit(np.concatenate(parts).astype(np.float32), metric)


def _unit(features: NDArray[np.float32], metric: Metric | None) -> NDArray[np.float32]:
    if metric != "cosine":
        return features
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.zeros_like(features)
    np.divide(features, norms, out=unit, where=norms > 0)
    return unit
