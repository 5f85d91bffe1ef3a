"""A naive evaluation, written with loops and sorts, that the counting engine must equal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from reid_eval.metrics import RetrievalReport

Array = npt.NDArray[Any]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Tiny products wait longer for a second thread than they take."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@dataclass(frozen=True)
class Case:
    """Features and labels of one evaluation."""

    query: Array
    gallery: Array
    query_pids: Array
    gallery_pids: Array
    query_camids: Array | None = None
    gallery_camids: Array | None = None

    @property
    def labels(self) -> tuple[Array, Array]:
        return self.query_pids, self.gallery_pids

    @property
    def cameras(self) -> dict[str, Array | None]:
        return {"query_camids": self.query_camids, "gallery_camids": self.gallery_camids}

    @property
    def features(self) -> tuple[Array, Array]:
        return self.query, self.gallery


def make_case(
    seed: int, *, queries: int, gallery: int, dim: int, identities: int = 6, largest: int = 2
) -> Case:
    """Features of small integers, so that scores are exact and ties are many."""
    generator = np.random.default_rng(seed)

    def features(rows: int) -> Array:
        return generator.integers(-largest, largest + 1, (rows, dim)).astype(np.float32)

    return Case(
        query=features(queries),
        gallery=features(gallery),
        query_pids=generator.integers(-1, identities, queries),
        gallery_pids=generator.integers(-1, identities, gallery),
        query_camids=generator.integers(-1, 3, queries),
        gallery_camids=generator.integers(-1, 3, gallery),
    )


def naive_scores(query: Array, gallery: Array, metric: str) -> Array:
    """All scores in float64, as one would write them down."""
    query, gallery = query.astype(np.float64), gallery.astype(np.float64)
    scores = np.zeros((len(query), len(gallery)))
    for i, q in enumerate(query):
        for j, g in enumerate(gallery):
            if metric == "euclidean":
                scores[i, j] = 2 * q.dot(g) - (q.dot(q) + g.dot(g))
            elif q.any() and g.any():
                scores[i, j] = q.dot(g) / (np.sqrt(q.dot(q)) * np.sqrt(g.dot(g)))
    return scores


def naive_metrics(
    scores: Array,
    case: Case,
    *,
    camera_filter: str = "cross-camera",
    junk_pids: tuple[int, ...] = (-1,),
    average_precision: str = "mean",
    ties: str = "gallery-order",
) -> Array:
    """AP, first rank and INP of every query, ``(Q, 3)``; NaN where a query is skipped."""
    result = np.full((len(scores), 3), np.nan)
    for i, pid in enumerate(case.query_pids):
        if pid in junk_pids:
            continue
        kept = []
        for j, other in enumerate(case.gallery_pids):
            same_camera = (
                camera_filter == "cross-camera"
                and case.query_camids is not None
                and case.gallery_camids is not None
                and case.query_camids[i] >= 0
                and case.query_camids[i] == case.gallery_camids[j]
            )
            if other not in junk_pids and not (other == pid and same_camera):
                kept.append(j)
        match = [bool(case.gallery_pids[j] == pid) for j in kept]
        # A stable sort keeps the gallery's order among equals; the second key decides otherwise.
        second = {"gallery-order": 0, "optimistic": -1, "pessimistic": 1}[ties]
        keys = [(-scores[i, j], second * hit) for j, hit in zip(kept, match, strict=True)]
        ranking = sorted(range(len(kept)), key=keys.__getitem__)
        ranks = [place for place, k in enumerate(ranking, start=1) if match[k]]
        if ranks:
            precisions = []
            for hit, rank in enumerate(ranks, start=1):
                precision = hit / rank
                if average_precision == "trapezoid":
                    before = 1.0 if rank == 1 else (hit - 1) / (rank - 1)
                    precision = (before + precision) / 2
                precisions.append(precision)
            result[i] = sum(precisions) / len(ranks), ranks[0], len(ranks) / ranks[-1]
    return result


def assert_equals(report: RetrievalReport, expected: Array) -> None:
    """Query by query, at 1e-9."""
    first = np.where(np.isnan(expected[:, 1]), 0, expected[:, 1])
    np.testing.assert_allclose(report.average_precision, expected[:, 0], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(report.first_hit_rank, first)
    np.testing.assert_allclose(report.inverse_negative_penalty, expected[:, 2], rtol=0, atol=1e-9)


@dataclass(frozen=True)
class Reference:
    """What test modules need from here, since tests are no package to import from."""

    case: Callable[..., Case] = make_case
    of: type[Case] = Case
    scores: Callable[[Array, Array, str], Array] = naive_scores
    metrics: Callable[..., Array] = naive_metrics
    assert_equals: Callable[[RetrievalReport, Array], None] = assert_equals


@pytest.fixture(scope="session")
def reference() -> Reference:
    return Reference()
