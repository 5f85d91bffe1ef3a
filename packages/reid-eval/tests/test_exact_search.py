"""Search against naive loops: order, ties, filters, blocks and files."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from reid_eval import evaluate, search
from reid_eval.embeddings import Embeddings

Make = Callable[..., Embeddings]


def dot(a: Any, b: Any) -> float:
    return math.fsum(float(x) * float(y) for x, y in zip(a, b, strict=True))


def naive_scores(query: Embeddings, gallery: Embeddings, metric: str) -> np.ndarray:
    scores = np.empty((len(query), len(gallery)))
    for i, q in enumerate(query.features):
        for j, g in enumerate(gallery.features):
            if metric == "euclidean":
                scores[i, j] = -math.sqrt(dot(q - g, q - g))
            else:
                norms = math.sqrt(dot(q, q)) * math.sqrt(dot(g, g))
                scores[i, j] = dot(q, g) / norms if norms else 0.0
    return scores


def naive_search(
    query: Embeddings,
    gallery: Embeddings,
    *,
    top_k: int,
    metric: str,
    forbidden: Callable[[int, int], bool] = lambda i, j: False,
) -> tuple[np.ndarray, np.ndarray]:
    scores = naive_scores(query, gallery, metric)
    for i in range(len(query)):
        for j in range(len(gallery)):
            if forbidden(i, j):
                scores[i, j] = -np.inf
    # Rounding makes equal what differs by the order of summation only.
    order = np.argsort(-np.round(scores, 10), axis=1, kind="stable")[:, : top_k or len(gallery)]
    best = np.take_along_axis(scores, order, axis=1)
    return np.where(best > -np.inf, order, -1), best


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks so small that a few rows fill many of them."""
    for place, size in (
        ("_nearest._COLUMNS", 7),
        ("_nearest._EXACT_TILE", 40),
        ("_candidates._COLUMNS", 7),
        ("_candidates._TILE", 40),
        ("_pairs._GATHERED", 64),
    ):
        monkeypatch.setattr(f"reid_eval.{place}", size)
    few = dict.fromkeys((torch.float32, torch.bfloat16), (2, 0.0))
    monkeypatch.setattr("reid_eval._nearest._SPARE", few)


def features(kind: str, rng: np.random.Generator, rows: int, size: int) -> np.ndarray:
    if kind == "ties":  # whole numbers: many equal scores, and zero vectors
        return rng.integers(-1, 2, (rows, size)).astype(np.float32)
    if kind == "copies":  # the same few vectors again and again
        return rng.normal(size=(2, size)).astype(np.float32)[rng.integers(0, 2, rows)]
    return rng.normal(size=(rows, size)).astype(np.float32)


@pytest.fixture(params=["torch", "torch bfloat16", "compiled", "compiled bfloat16"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How candidates are found: all must end in the same order."""
    if "compiled" in request.param:
        monkeypatch.setattr("reid_eval.exact_search._SMALL", 0)
        monkeypatch.setattr("reid_eval._candidates._WORTH_COMPILING", 0)
    if "bfloat16" in request.param:
        monkeypatch.setattr("reid_eval._nearest.pick_dtype", lambda *_, **__: torch.bfloat16)


@pytest.mark.usefixtures("small_blocks", "way")
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("kind", ["random", "ties", "copies"])
@pytest.mark.parametrize("seed", range(2))
def test_search_is_a_stable_sort_of_all_scores(
    make: Make, metric: Any, kind: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    rows, columns, size = rng.integers(1, 30, 3)
    query = make(features("random" if kind == "copies" else kind, rng, rows, size), [1] * rows)
    gallery = make(features(kind, rng, columns, size), [1] * columns)
    for top_k in (1, 3, 0):
        indices, scores = naive_search(query, gallery, top_k=top_k, metric=metric)
        found = search(query, gallery, top_k=top_k, metric=metric)
        np.testing.assert_array_equal(found.indices, indices)
        np.testing.assert_allclose(found.scores, scores, atol=2e-6)


@pytest.mark.usefixtures("small_blocks", "way")
@pytest.mark.parametrize("camera_filter", ["none", "cross-camera", "other-cameras"])
@pytest.mark.parametrize("seed", range(2))
def test_filters_leave_out_exactly_the_forbidden_pairs(
    make: Make, camera_filter: Any, seed: int
) -> None:
    rng = np.random.default_rng(seed)

    def side(rows: int) -> Embeddings:
        pids = rng.integers(-1, 3, rows).tolist()
        cameras = [None if camera == 0 else int(camera) for camera in rng.integers(0, 3, rows)]
        return make(features("ties", rng, rows, 5), pids, cameras)

    query, gallery = side(9), side(25)

    def forbidden(i: int, j: int) -> bool:
        seen = query.camids[i] >= 0 and query.camids[i] == gallery.camids[j]
        same = query.pids[i] == gallery.pids[j]
        rule = {"none": False, "cross-camera": seen and same, "other-cameras": seen}
        return gallery.pids[j] == -1 or bool(rule[camera_filter])

    for top_k in (2, 0):
        indices, _ = naive_search(query, gallery, top_k=top_k, metric="cosine", forbidden=forbidden)
        found = search(query, gallery, top_k=top_k, camera_filter=camera_filter, exclude_pids=[-1])
        np.testing.assert_array_equal(found.indices, indices)
        assert np.isneginf(found.scores[indices < 0]).all()


def test_the_first_match_is_where_the_metrics_say_it_is(make: Make) -> None:
    rng = np.random.default_rng(0)

    def side(rows: int) -> Embeddings:
        pids, camids = rng.integers(0, 30, rows).tolist(), rng.integers(1, 4, rows).tolist()
        return make(features("ties", rng, rows, 8), pids, camids)

    query, gallery = side(40), side(600)
    report = evaluate(query, gallery)
    found = search(query, gallery, top_k=0, camera_filter="cross-camera")
    hits = (gallery.pids[found.indices] == query.pids[:, None]) & (found.indices >= 0)
    np.testing.assert_array_equal(
        (hits.argmax(axis=1) + 1)[report.evaluated], report.first_hit_rank[report.evaluated]
    )


def test_the_result_does_not_depend_on_blocks(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    query = make(rng.normal(size=(20, 16)), [1] * 20)
    gallery = make(rng.normal(size=(3000, 16)), [1] * 3000)
    whole = search(query, gallery, top_k=9)
    monkeypatch.setattr("reid_eval._candidates._COLUMNS", 129)
    monkeypatch.setattr("reid_eval._candidates._TILE", 1000)
    parts = search(query, gallery, top_k=9)
    np.testing.assert_array_equal(whole.indices, parts.indices)
    np.testing.assert_array_equal(whole.scores, parts.scores)


def test_a_large_search_with_compiled_products_agrees(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    query = make(rng.normal(size=(50, 32)), [1] * 50)
    gallery = make(rng.normal(size=(2000, 32)), [1] * 2000)
    small = search(query, gallery)
    monkeypatch.setattr("reid_eval.exact_search._SMALL", 0)
    monkeypatch.setattr("reid_eval._candidates._WORTH_COMPILING", 0)
    large = search(query, gallery)
    np.testing.assert_array_equal(small.indices, large.indices)
    np.testing.assert_array_equal(small.scores, large.scores)


def test_an_image_is_its_own_nearest_at_distance_zero(make: Make) -> None:
    rng = np.random.default_rng(0)
    people = make(rng.normal(size=(30, 7)) * 100, range(30))
    for metric in ("cosine", "euclidean"):
        found = search(people, people, top_k=1, metric=metric)  # type: ignore[arg-type]
        assert found.indices[:, 0].tolist() == list(range(30))
        np.testing.assert_allclose(found.distances, 0, atol=1e-6)
        assert (found.distances >= 0).all()


def test_a_memory_mapped_gallery_is_searched_in_place(make: Make, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    gallery = make(rng.normal(size=(200, 8)), range(200))
    mapped = Embeddings.load(gallery.save(tmp_path / "gallery"))
    assert isinstance(mapped.features, np.memmap)
    query = make(gallery.features[50:60] + 0.01, range(10))
    assert search(query, mapped, top_k=1).indices[:, 0].tolist() == list(range(50, 60))


def test_progress_adds_up_to_the_gallery(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reid_eval._candidates._COLUMNS", 64)
    people = make(np.random.default_rng(0).normal(size=(200, 4)), range(200))
    steps: list[int] = []
    search(people, people, top_k=2, advance=steps.append)
    assert steps[0] < 200
    assert sum(steps) == 200


def test_the_long_table_names_the_answers(make: Make) -> None:
    query = make([[1, 0], [0, 1]], [7, 8], [1, 1], names=["q/a.jpg", "q/b.jpg"])
    gallery = make([[0, 1], [1, 0], [1, 1]], [8, 7, 9], [1, 2, None], names=["0", "1", "2"])
    frame = search(query, gallery, top_k=2, camera_filter="other-cameras").to_frame()
    assert frame.columns.tolist() == ["query", "rank", "path", "pid", "camid", "score", "distance"]
    assert frame["query"].tolist() == ["q/a.jpg", "q/a.jpg", "q/b.jpg", "q/b.jpg"]
    assert frame["rank"].tolist() == [1, 2, 1, 2]
    assert frame["path"].tolist() == ["1", "2", "2", "1"]
    assert frame["pid"].tolist() == [7, 9, 9, 7]
    assert frame["camid"].astype(object).tolist() == [2, pd.NA, pd.NA, 2]
    np.testing.assert_allclose(frame["score"], [1, 0.5**0.5, 0.5**0.5, 0], atol=1e-6)
    np.testing.assert_allclose(frame["distance"], 1 - frame["score"], atol=1e-6)


def test_empty_places_have_no_row(make: Make) -> None:
    query = make([[1.0], [1.0]], [1, 2], [1, 2])
    gallery = make([[1.0], [2.0]], [1, 1], [1, 1])
    found = search(query, gallery, camera_filter="cross-camera")
    assert found.indices.tolist() == [[-1, -1], [0, 1]]
    assert found.to_frame()["query"].tolist() == ["0001.jpg", "0001.jpg"]


def test_parquet_holds_the_same_table(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reid_eval.exact_search._FRAME_ROWS", 7)
    rng = np.random.default_rng(0)
    query = make(rng.normal(size=(10, 4)), range(10), [1, None] * 5)
    gallery = make(rng.normal(size=(20, 4)), range(20), [None, 1] * 10)
    found = search(query, gallery, top_k=3, metric="euclidean", camera_filter="other-cameras")
    path = found.to_parquet(tmp_path / "new" / "results.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(path), found.to_frame())
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"top_k": -1}, r"top_k must be 0 \(all\) or more, got -1"),
        ({"metric": "manhattan"}, "metric must be one of cosine, euclidean, got 'manhattan'"),
        ({"camera_filter": "yes"}, "camera_filter must be one of none, cross-camera, other"),
        ({"device": "toaster"}, "device must be auto"),
    ],
)
def test_unknown_options_are_refused(make: Make, options: dict[str, Any], said: str) -> None:
    people = make([[1.0]], [1])
    with pytest.raises(ValueError, match=said):
        search(people, people, **options)


def test_bad_sides_are_refused(make: Make) -> None:
    people = make([[1.0, 2.0]], [1])
    with pytest.raises(ValueError, match="the gallery has no embeddings"):
        search(people, people.take([]))
    with pytest.raises(ValueError, match="2 dimensions, the gallery's 1"):
        search(people, make([[1.0]], [1]))
    with pytest.raises(ValueError, match="differ in their model"):
        search(people, make([[1.0, 2.0]], [1], fingerprint="another"))
    with pytest.raises(ValueError, match="gallery embeddings hold values that are not finite"):
        search(people, make([[1.0, np.nan]], [1]))
    with pytest.raises(ValueError, match="query embeddings hold values that are not finite"):
        search(make([[np.inf, 1.0]], [1]), people)


@pytest.mark.gpu
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_the_gpu_gives_exactly_what_the_cpu_gives(make: Make, metric: Any) -> None:
    rng = np.random.default_rng(0)
    query = make(rng.normal(size=(300, 64)), [1] * 300)
    gallery = make(rng.normal(size=(20000, 64)), [1] * 20000)
    here = search(query, gallery, metric=metric)
    there = search(query, gallery, metric=metric, device="cuda")
    np.testing.assert_array_equal(here.indices, there.indices)
    np.testing.assert_array_equal(here.scores, there.scores)
