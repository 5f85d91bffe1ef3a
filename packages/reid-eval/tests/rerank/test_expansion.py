"""Query expansion and database-side augmentation against loops over neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from reid_eval.rerank import (
    QueryExpansion,
    alpha_query_expansion,
    average_query_expansion,
    database_augmentation,
    expansion,
)


def unit(vector: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(vector / np.sqrt((vector**2).sum()))


def pulled(item: Tensor, others: Tensor, count: int, alpha: float) -> NDArray[np.float64]:
    """One item and its nearest others, by the definition."""
    own = unit(item.double().numpy())
    rest = [unit(other.double().numpy()) for other in others]
    rest.sort(key=lambda other: -float(own @ other))
    total = own.copy()
    for other in rest[:count]:
        total += max(float(own @ other), 0) ** alpha * other
    return unit(total)


@pytest.mark.parametrize("alpha", [0.0, 1.0, 3.0])
@pytest.mark.parametrize("neighbours", [1, 4, 500])
def test_queries_move_to_their_weighted_neighbours(
    people: Any, neighbours: int, alpha: float
) -> None:
    query, gallery, *_ = people(7, 40)
    ours = alpha_query_expansion(query, gallery, neighbours=neighbours, alpha=alpha)
    expected = [pulled(item, gallery, neighbours, alpha) for item in query]
    np.testing.assert_allclose(ours, np.stack(expected), atol=1e-6)


def test_average_is_the_plain_mean(people: Any) -> None:
    query, gallery, *_ = people(7, 40)
    ours = average_query_expansion(query, gallery, neighbours=3)
    np.testing.assert_allclose(
        ours, np.stack([pulled(item, gallery, 3, 0) for item in query]), atol=1e-6
    )


@pytest.mark.parametrize("block", [4, 1024])
def test_gallery_items_move_to_their_neighbours_other_than_themselves(
    people: Any, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(expansion, "BLOCK", block)
    _, gallery, *_ = people(1, 30)
    gallery[7] = gallery[3]  # a copy is a neighbour like any other
    ours = database_augmentation(gallery, neighbours=4, alpha=2.0)
    expected = [
        pulled(gallery[i], torch.cat([gallery[:i], gallery[i + 1 :]]), 4, 2.0) for i in range(30)
    ]
    np.testing.assert_allclose(ours, np.stack(expected), atol=1e-6)


def test_a_gallery_of_one_stays_as_it_is() -> None:
    item = torch.tensor([[3.0, 4.0]])
    torch.testing.assert_close(database_augmentation(item), item / 5)


def test_reranker_augments_then_expands_then_compares(people: Any) -> None:
    query, gallery, *_ = people(7, 40)
    kept = query.clone(), gallery.clone()
    rerank = QueryExpansion(neighbours=2, alpha=3.0, database_neighbours=4, database_alpha=1.0)
    moved = database_augmentation(gallery, neighbours=4, alpha=1.0)
    asked = alpha_query_expansion(query, moved, neighbours=2, alpha=3.0)
    torch.testing.assert_close(rerank(query, gallery), 2 - 2 * asked @ moved.T, atol=2e-6, rtol=0)
    assert torch.equal(query, kept[0])
    assert torch.equal(gallery, kept[1])


@pytest.mark.gpu
def test_cuda_agrees_with_the_cpu(people: Any) -> None:
    query, gallery, *_ = people(64, 1200, dim=128)
    rerank = QueryExpansion(neighbours=4, alpha=3.0, database_neighbours=5, database_alpha=1.0)
    ours = rerank(query.cuda(), gallery.cuda())
    assert ours.is_cuda
    torch.testing.assert_close(ours.cpu(), rerank(query, gallery), atol=2e-6, rtol=0)


def test_reranker_with_nothing_to_do_gives_cosine_distances(people: Any) -> None:
    query, gallery, *_ = people(7, 40)
    similarity = torch.cosine_similarity(query[:, None], gallery[None], dim=2)
    ours = QueryExpansion(neighbours=0)(query.numpy(), gallery.numpy())
    torch.testing.assert_close(ours, 2 - 2 * similarity, atol=2e-6, rtol=0)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"neighbours": 0}, "neighbours must be at least 1, came 0"),
        ({"alpha": -1.0}, "alpha must be 0 or more"),
        ({"alpha": float("nan")}, "alpha must be 0 or more"),
    ],
)
def test_parameters_out_of_range_are_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        alpha_query_expansion(torch.eye(2), torch.eye(2), **parameters)
    with pytest.raises(ValueError, match="must be"):
        QueryExpansion(database_neighbours=-1)


def test_features_without_direction_are_refused() -> None:
    with pytest.raises(ValueError, match="item 3"):
        average_query_expansion(torch.eye(2), torch.tensor([[1.0, 1.0], [0.0, 0.0]]))
