"""GNN re-ranking against the dense formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from reid_eval.rerank import FeatureDistances, GraphReranking, gnn_rerank


def by_formula(
    features: NDArray[np.float64], queries: int, k1: int, k2: int, layers: int, alpha: float
) -> NDArray[np.float64]:
    features = features / np.linalg.norm(features, axis=1, keepdims=True)
    cosine = features @ features.T
    ranked = np.argsort(-cosine, axis=1, kind="stable")
    size = len(features)
    spread = np.zeros((size, size))
    for i in range(size):
        spread[i, ranked[i, :k1]] = 1
    if k2 > 1:
        for _ in range(layers):
            spread = spread + spread.T
            heard = np.zeros_like(spread)
            for i in range(size):
                for j in ranked[i, :k2]:
                    heard[i] += abs(cosine[i, j]) ** alpha * spread[j]
            spread = heard / np.linalg.norm(heard, axis=1, keepdims=True)
    spread /= np.linalg.norm(spread, axis=1, keepdims=True)
    return np.asarray(1 - spread[:queries] @ spread[queries:].T)


@pytest.mark.parametrize(
    ("k1", "k2", "layers", "alpha"),
    [(26, 7, 2, 2.0), (5, 3, 1, 1.0), (6, 1, 2, 2.0), (3, 9, 3, 0.0), (500, 500, 2, 2.0)],
)
def test_equals_the_dense_formulas(
    people: Any, k1: int, k2: int, layers: int, alpha: float
) -> None:
    query, gallery, *_ = people(8, 90)
    ours = gnn_rerank(query, gallery, k1=k1, k2=k2, layers=layers, alpha=alpha)
    both = torch.cat([query, gallery]).double().numpy()
    expected = by_formula(both, 8, k1, k2, layers, alpha)
    np.testing.assert_allclose(ours, expected, atol=2e-6, rtol=0)
    assert ours.dtype == torch.float32


def test_blocks_are_the_matrix(people: Any) -> None:
    query, gallery, *_ = people(11, 60)
    rerank = GraphReranking(k1=8, k2=4)
    blocks = list(rerank.blocks(FeatureDistances(query, gallery), query_block=4))
    assert [len(block) for _, block in blocks] == [4, 4, 3]
    assert torch.equal(torch.cat([block for _, block in blocks]), rerank(query, gallery))


def test_copies_are_nearest(people: Any) -> None:
    query, gallery, *_ = people(5, 60)
    gallery[17] = query[2]
    assert gnn_rerank(query, gallery, k1=8, k2=4)[2].argmin() == 17


@pytest.mark.gpu
def test_cuda_agrees_with_the_cpu(people: Any) -> None:
    query, gallery, *_ = people(64, 1200, dim=128)
    ours = gnn_rerank(query.cuda(), gallery.cuda())
    assert ours.is_cuda
    torch.testing.assert_close(ours.cpu(), gnn_rerank(query, gallery), atol=2e-6, rtol=0)


@pytest.mark.parametrize("parameters", [{"k1": 0}, {"k2": 0}, {"layers": -1}, {"alpha": -0.5}])
def test_parameters_out_of_range_are_refused(parameters: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        gnn_rerank(torch.eye(3), torch.eye(3), **parameters)
    with pytest.raises(ValueError, match="query_block"):
        GraphReranking().blocks(FeatureDistances(torch.eye(3), torch.eye(3)), query_block=0)
