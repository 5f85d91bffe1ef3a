"""k-reciprocal re-ranking against the paper's formulas, written as dense loops."""

from __future__ import annotations

import doctest
import importlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from reid_eval.metrics import retrieval_metrics_from_distances
from reid_eval.rerank import (
    FeatureDistances,
    GivenDistances,
    KReciprocal,
    k_reciprocal_blocks,
    k_reciprocal_from_distances,
    k_reciprocal_rerank,
)
from reid_eval.rerank import _nearest as nearest_module


def normalised(distances: NDArray[Any]) -> NDArray[np.float32]:
    """d*: the squared distance from i to j over the largest of i; read at row j, column i."""
    squared = (distances * distances).astype(np.float32).T
    largest = squared.max(1, keepdims=True)
    return squared / np.where(largest > 0, largest, 1)


def encoding(star: NDArray[Any], k1: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """V of the paper's equation 7 with its expanded sets (equation 5), and the ranked lists."""
    lists = np.argsort(star, axis=1, kind="stable")

    def reciprocal(item: int, k: int) -> set[int]:
        return {j for j in lists[item, : k + 1].tolist() if item in lists[j, : k + 1]}

    weights = np.zeros_like(star)
    for item in range(len(star)):
        own = reciprocal(item, k1)
        expanded = set(own)
        for j in own:
            other = reciprocal(j, round(k1 / 2))
            if len(other & own) > 2 / 3 * len(other):
                expanded |= other
        members = sorted(expanded)
        weight = np.exp(-star[item, members])
        weights[item, members] = weight / weight.sum()
    return weights, lists


def by_loops(
    distances: NDArray[Any], queries: int, k1: int, k2: int, lambda_value: float
) -> NDArray[np.float32]:
    """The published computation, dense, in float32 and in the published order."""
    star = normalised(distances)
    weights, lists = encoding(star, k1)
    if k2 > 1:
        weights = np.stack([weights[lists[i, :k2]].mean(0) for i in range(len(star))])
    out = np.empty((queries, len(star) - queries), np.float32)
    for q in range(queries):
        for g in range(out.shape[1]):
            minima = np.float32(0)
            for a, b in zip(weights[q], weights[queries + g], strict=True):
                minima += min(a, b)
            jaccard = np.float32(1) - minima / (np.float32(2) - minima)
            out[q, g] = jaccard * np.float32(1 - lambda_value) + star[q, queries + g] * np.float32(
                lambda_value
            )
    return out


def by_formula(
    features: NDArray[np.float64], queries: int, k1: int, k2: int, lambda_value: float
) -> NDArray[np.float64]:
    """The paper's Jaccard distance, sum of minima over sum of maxima, in float64."""
    squared = ((features[:, None] - features[None]) ** 2).sum(2)
    star = squared**2 / (squared**2).max(1, keepdims=True)
    weights, lists = encoding(star, k1)
    weights = np.stack([weights[lists[i, :k2]].mean(0) for i in range(len(star))])
    queried, rest = weights[:queries, None], weights[None, queries:]
    jaccard = 1 - np.minimum(queried, rest).sum(2) / np.maximum(queried, rest).sum(2)
    return np.asarray((1 - lambda_value) * jaccard + lambda_value * star[:queries, queries:])


def parts(distances: NDArray[Any], queries: int) -> tuple[NDArray[Any], ...]:
    return (
        distances[:queries, queries:],
        distances[:queries, :queries],
        distances[queries:, queries:],
    )


def all_distances(query: Tensor, gallery: Tensor) -> NDArray[np.float32]:
    both = torch.cat([query, gallery]).double()
    return np.asarray(torch.cdist(both, both).float().numpy())


def unequal_directions(distances: NDArray[Any], queries: int, seed: int = 0) -> NDArray[Any]:
    """Queries among themselves, and gallery among itself, farther one way than the other."""
    generator = np.random.default_rng(seed)
    skewed = distances.copy()
    for part in (slice(0, queries), slice(queries, None)):
        skewed[part, part] *= 1 + 0.05 * generator.random(skewed[part, part].shape)
    return skewed


PARAMETERS = [(20, 6, 0.3), (7, 3, 0.0), (5, 1, 0.3), (1, 9, 1.0), (200, 30, 0.5), (3, 2, 0.7)]


@pytest.mark.parametrize(("k1", "k2", "lambda_value"), PARAMETERS)
@pytest.mark.parametrize(("queries", "gallery"), [(8, 60), (1, 30), (5, 1), (1, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_given_distances_are_reranked_to_the_bit(
    people: Any,
    queries: int,
    gallery: int,
    k1: int,
    k2: int,
    lambda_value: float,
    dtype: type[np.floating[Any]],
) -> None:
    query, others, *_ = people(queries, gallery)
    distances = unequal_directions(all_distances(query, others), queries).astype(dtype)
    ours = k_reciprocal_from_distances(
        *parts(distances, queries), k1=k1, k2=k2, lambda_value=lambda_value
    )
    expected = by_loops(distances, queries, k1, k2, lambda_value)
    np.testing.assert_array_equal(ours.numpy(), expected)


@pytest.mark.parametrize("k2", [1, 6])
def test_features_give_the_papers_formula(people: Any, k2: int) -> None:
    query, gallery, *_ = people(10, 150, noise=1.2)
    ours = k_reciprocal_rerank(query, gallery, k1=12, k2=k2, metric="euclidean")
    both = torch.cat([query, gallery]).double().numpy()
    np.testing.assert_allclose(ours, by_formula(both, 10, 12, k2, 0.3), atol=5e-7, rtol=0)


def test_cosine_is_euclidean_of_normalised_features(people: Any) -> None:
    query, gallery, *_ = people()
    unit = [part / part.norm(dim=1, keepdim=True) for part in (query, gallery)]
    torch.testing.assert_close(
        k_reciprocal_rerank(query, gallery),
        k_reciprocal_rerank(*unit, metric="euclidean"),
        atol=5e-7,
        rtol=0,
    )


def test_reranking_helps_where_people_are_clusters(people: Any) -> None:
    query, gallery, *pids = people(40, 400, dim=32, noise=1.4, seed=3)
    plain = FeatureDistances(query, gallery).block(slice(0, 40), slice(40, 440))
    reranked = k_reciprocal_rerank(query, gallery, k1=10, k2=4)
    before, after = (
        retrieval_metrics_from_distances(distances, *pids, camera_filter="none").mAP
        for distances in (plain, reranked)
    )
    assert after > before + 0.03


# Ties


@pytest.mark.parametrize("levels", [1, 2, 4])
def test_heavy_ties_go_by_index(levels: int) -> None:
    generator = np.random.default_rng(levels)
    distances = generator.integers(1, levels + 1, (50, 50)).astype(np.float32)
    np.fill_diagonal(distances, 0)
    ours = k_reciprocal_from_distances(*parts(distances, 6), k1=5, k2=3)
    distances[6:, :6] = distances[:6, 6:].T
    np.testing.assert_array_equal(ours, by_loops(distances, 6, 5, 3, 0.3))


def test_ties_that_only_the_division_makes_go_by_index() -> None:
    # Squares that are neighbouring float32 numbers become one number when divided by the maximum.
    # The larger ones have the lower indices: the lists by squares hold none of them.
    low = np.float32(0.99)
    squares = np.full((60, 60), np.nextafter(low, np.float32(1)))
    squares[30:] = low  # read at row j, column i
    squares[-1] = 1.94
    items = GivenDistances(*parts(np.sqrt(squares.astype(np.float64)), 1))
    upper = np.float32(squares[0, 0])
    assert upper > low
    assert upper / np.float32(1.94) == low / np.float32(1.94)
    found = nearest_module.nearest(items, 10, normalised=True)
    np.testing.assert_array_equal(found.indices[1:], np.tile(np.arange(10), (59, 1)))


def test_all_items_the_same() -> None:
    ours = k_reciprocal_from_distances(np.zeros((2, 30)), np.zeros((2, 2)), np.zeros((30, 30)))
    np.testing.assert_array_equal(ours, by_loops(np.zeros((32, 32)), 2, 20, 6, 0.3))


def test_more_copies_than_neighbours_leave_an_item_out_of_its_own_list(people: Any) -> None:
    query, gallery, *_ = people(4, 40)
    gallery[:20] = query[3]
    distances = all_distances(query, gallery)
    ours = k_reciprocal_from_distances(*parts(distances, 4), k1=4, k2=2)
    np.testing.assert_array_equal(ours, by_loops(distances, 4, 4, 2, 0.3))


# Blocks, threads and devices


def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest_module, "HEIGHT", 16)
    monkeypatch.setattr(nearest_module, "WIDTH", 40)


@pytest.mark.parametrize("threads", [1, 3])
def test_many_blocks_and_threads_change_no_bit(
    people: Any, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    query, gallery, *_ = people(9, 120)
    # Whole numbers: then every product is exact, however it is cut.
    query, gallery = (query * 8).round(), (gallery * 8).round()
    expected = k_reciprocal_rerank(query, gallery, metric="euclidean")
    small_blocks(monkeypatch)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        ours = k_reciprocal_rerank(query, gallery, metric="euclidean")
    finally:
        torch.set_num_threads(before)
    assert torch.equal(ours, expected)


def test_many_blocks_of_unequal_directions_change_no_bit(
    people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_blocks(monkeypatch)
    query, gallery, *_ = people(9, 70)
    distances = unequal_directions(all_distances(query, gallery), 9)
    ours = k_reciprocal_from_distances(*parts(distances, 9))
    np.testing.assert_array_equal(ours, by_loops(distances, 9, 20, 6, 0.3))


def test_the_accelerator_path_finds_the_same_lists(
    people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    query, gallery, *_ = people(9, 120)
    query, gallery = (query * 2).round(), (gallery * 2).round()  # with many ties
    items = FeatureDistances(query, gallery, metric="euclidean")
    expected = nearest_module.nearest(items, 21, normalised=True)
    monkeypatch.setattr(nearest_module, "_by_insertion", nearest_module._by_topk)
    small_blocks(monkeypatch)
    ours = nearest_module.nearest(items, 21, normalised=True)
    np.testing.assert_array_equal(ours.indices, expected.indices)
    np.testing.assert_array_equal(ours.values, expected.values)
    np.testing.assert_array_equal(ours.maxima, expected.maxima)


@pytest.mark.gpu
def test_cuda_agrees_with_the_cpu(people: Any) -> None:
    query, gallery, *_ = people(64, 1200, dim=128)
    ours = k_reciprocal_rerank(query.cuda(), gallery.cuda())
    assert ours.is_cuda
    torch.testing.assert_close(ours.cpu(), k_reciprocal_rerank(query, gallery), atol=5e-7, rtol=0)


@pytest.mark.parametrize("query_block", [1, 5, 100])
def test_blocks_are_the_matrix(people: Any, query_block: int) -> None:
    query, gallery, *_ = people(12, 50)
    items = GivenDistances(*parts(all_distances(query, gallery), 12))
    whole = KReciprocal(k1=6, k2=3).matrix(items)
    streamed = list(k_reciprocal_blocks(items, k1=6, k2=3, query_block=query_block))
    assert [rows.start for rows, _ in streamed] == list(range(0, 12, query_block))
    assert torch.equal(torch.cat([block for _, block in streamed]), whole)


class Spy(FeatureDistances):
    """Records what is asked for."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.sizes: list[int] = []

    def block(self, rows: slice, columns: slice) -> Tensor:
        block = super().block(rows, columns)
        self.sizes.append(block.numel())
        return block


def test_symmetric_distances_are_computed_about_half_and_never_at_once(
    people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_blocks(monkeypatch)
    query, gallery, *_ = people(20, 620)
    items = Spy(query, gallery)
    nearest_module.nearest(items, 21, normalised=True)
    assert max(items.sizes) <= 16 * 40
    assert sum(items.sizes) < 0.53 * 640**2


# What callers hand in


def test_any_array_and_precision_will_do_and_none_is_changed(people: Any, tmp_path: Path) -> None:
    query, gallery, *_ = people()
    query, gallery = query.half(), gallery.half()
    kept = query.clone(), gallery.clone()
    expected = k_reciprocal_rerank(query.float(), gallery.float())
    assert expected.dtype == torch.float32
    np.save(tmp_path / "gallery.npy", gallery.numpy())
    mapped = np.load(tmp_path / "gallery.npy", mmap_mode="r")
    assert torch.equal(k_reciprocal_rerank(query, gallery), expected)
    assert torch.equal(k_reciprocal_rerank(query.numpy(), mapped), expected)
    assert torch.equal(k_reciprocal_rerank(query.double().requires_grad_(), mapped), expected)
    assert torch.equal(query, kept[0])
    assert torch.equal(gallery, kept[1])


def test_given_matrices_are_read_not_changed(people: Any) -> None:
    query, gallery, *_ = people()
    matrices = parts(all_distances(query, gallery), len(query))
    for matrix in matrices:
        matrix.flags.writeable = False
    kept = [matrix.copy() for matrix in matrices]
    mixed = matrices[0].astype(np.float64), matrices[1], torch.from_numpy(kept[2])
    assert torch.equal(k_reciprocal_from_distances(*mixed), k_reciprocal_from_distances(*matrices))
    for matrix, before in zip(matrices, kept, strict=True):
        np.testing.assert_array_equal(matrix, before)


@pytest.mark.parametrize("order", ["C", "F"])
def test_blocks_of_given_matrices_are_row_major_and_the_callers_to_overwrite(
    people: Any, order: Any
) -> None:
    query, gallery, *_ = people(5, 20)
    distances = unequal_directions(all_distances(query, gallery), 5)
    matrices = [np.array(part, order=order) for part in parts(distances, 5)]
    kept = [matrix.copy() for matrix in matrices]
    items = GivenDistances(*matrices)
    distances[5:, :5] = distances[:5, 5:].T
    for rows, columns in [(slice(0, 25), slice(0, 25)), (slice(6, 9), slice(7, 20))]:
        for block in (items.block(rows, columns), items.block(slice(1, 4), columns)):
            assert block.is_contiguous()
        block = items.block(rows, columns)
        np.testing.assert_array_equal(block, distances.T[rows, columns])
        block.fill_(-1)
    for matrix, before in zip(matrices, kept, strict=True):
        np.testing.assert_array_equal(matrix, before)


@settings(deadline=None, max_examples=40)
@given(
    queries=st.integers(1, 6),
    gallery=st.integers(1, 40),
    k1=st.integers(1, 50),
    k2=st.integers(1, 50),
    exponent=st.integers(-8, 8),
    seed=st.integers(0, 2**16),
)
def test_bounds_scale_and_order_of_the_gallery(
    queries: int, gallery: int, k1: int, k2: int, exponent: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    features = generator.standard_normal((queries + gallery, 5))
    distances = np.linalg.norm(features[:, None] - features, axis=2).astype(np.float32)
    ours = k_reciprocal_from_distances(*parts(distances, queries), k1=k1, k2=k2)
    assert ((ours >= -1e-6) & (ours <= 1 + 1e-6)).all()
    scaled = parts(distances * np.float32(math.ldexp(1, exponent)), queries)
    assert torch.equal(k_reciprocal_from_distances(*scaled, k1=k1, k2=k2), ours)
    order = generator.permutation(gallery)
    everyone = np.concatenate([np.arange(queries), queries + order])
    shuffled = parts(distances[np.ix_(everyone, everyone)], queries)
    again = k_reciprocal_from_distances(*shuffled, k1=k1, k2=k2)
    np.testing.assert_allclose(again, ours[:, order], atol=1e-6)


def test_the_example_in_the_docstring_runs() -> None:
    outcome = doctest.testmod(importlib.import_module("reid_eval.rerank.k_reciprocal"))
    assert (outcome.attempted, outcome.failed) == (2, 0)


# Refusals


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"k1": 0}, "k1 and k2 must be at least 1"),
        ({"k2": 0}, "k1 and k2 must be at least 1"),
        ({"lambda_value": 1.5}, "lambda_value must be between 0 and 1, came 1.5"),
        ({"metric": "manhattan"}, "'cosine' or 'euclidean', not 'manhattan'"),
    ],
)
def test_parameters_out_of_range_are_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        k_reciprocal_rerank(torch.ones(2, 3), torch.ones(4, 3), **parameters)


@pytest.mark.parametrize(
    ("query", "gallery", "message"),
    [
        (torch.ones(2, 3), torch.ones(4, 5), r"came \(2, 3\) for the queries and \(4, 5\)"),
        (torch.ones(3), torch.ones(4, 3), r"expected features \(Q, D\)"),
        (torch.ones(0, 3), torch.ones(4, 3), "at least one query and one gallery item"),
        (torch.full((2, 3), torch.nan), torch.ones(4, 3), "features must be finite"),
        (torch.ones(2, 3), torch.full((4, 3), torch.inf), "features must be finite"),
        (torch.ones(2, 3), torch.eye(4, 3), r"item 5 \(queries first\) has only zeros"),
    ],
)
def test_features_that_cannot_be_compared_are_refused(
    query: Tensor, gallery: Tensor, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        k_reciprocal_rerank(query, gallery)


@pytest.mark.parametrize("length", [1e12, 1e30])
def test_distances_beyond_float32_are_refused(length: float) -> None:
    features = torch.eye(6) * length
    with pytest.raises(ValueError, match="normalise the features"):
        k_reciprocal_rerank(features[:2], features, metric="euclidean")


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((2, 5), (5, 5), (2, 2)), r"came \(2, 5\), \(5, 5\) and \(2, 2\)"),
        (((2, 0), (2, 2), (0, 0)), "at least one query and one gallery item"),
    ],
)
def test_matrices_that_do_not_fit_are_refused(shapes: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        k_reciprocal_from_distances(*(np.zeros(shape) for shape in shapes))


def test_matrices_with_holes_are_refused() -> None:
    holed = np.zeros((4, 4))
    holed[1, 2] = np.nan
    with pytest.raises(ValueError, match=r"\(G, G\) distances must be finite"):
        k_reciprocal_from_distances(np.zeros((2, 4)), np.zeros((2, 2)), holed)


def test_blocks_refuse_before_they_are_asked_for() -> None:
    items = GivenDistances(np.zeros((2, 4)), np.zeros((2, 2)), np.zeros((4, 4)))
    with pytest.raises(ValueError, match="query_block must be at least 1"):
        k_reciprocal_blocks(items, query_block=0)
