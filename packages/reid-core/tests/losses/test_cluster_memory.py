"""Contrast with clusters, and how their memory moves, against loops."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from reid_core.losses import (
    ClusterMemory,
    cluster_centers,
    cluster_contrast_loss,
    moved_centers,
)

LABELS = torch.tensor([1, 0, 1, 1, 2, 0])


def drawn(many: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(many, 3, generator=generator, dtype=torch.float64)


def test_the_loss_is_a_softmax_over_cosines() -> None:
    features, centers, total = drawn(6), drawn(3, seed=1), 0.0
    for row, label in zip(normalize(features).tolist(), LABELS.tolist(), strict=True):
        scores = [
            math.exp(sum(a * b for a, b in zip(row, c, strict=True)) / 0.05)
            for c in normalize(centers).tolist()
        ]
        total -= math.log(scores[label] / sum(scores))
    found = cluster_contrast_loss(features, LABELS, centers)
    assert found.item() == pytest.approx(total / 6, rel=1e-9)


@pytest.mark.parametrize("update", ["all", "hardest"])
def test_the_memory_moves_query_by_query(update: str) -> None:
    features, centers = drawn(6), normalize(drawn(3, seed=1))
    expected = centers.clone()
    queries = list(zip(normalize(features), LABELS.tolist(), strict=True))
    if update == "hardest":
        queries = [
            min((q for q in queries if q[1] == k), key=lambda q: float(q[0] @ centers[q[1]]))
            for k in range(3)
        ]
    for query, k in queries:
        expected[k] = normalize(0.2 * expected[k] + 0.8 * query, dim=0)
    before = centers.clone()
    found = moved_centers(centers, features, LABELS, momentum=0.2, update=update)
    torch.testing.assert_close(found, expected)
    assert torch.equal(centers, before)


def test_centers_are_means_of_directions_without_outliers() -> None:
    features, labels = drawn(5), torch.tensor([1, -1, 0, 1, -1])
    units = normalize(features)
    expected = normalize(torch.stack([units[2], (units[0] + units[3]) / 2]))
    torch.testing.assert_close(cluster_centers(features, labels), expected)


def test_the_memory_moves_in_training_only_and_after_the_loss() -> None:
    memory = ClusterMemory(momentum=0.5)
    memory.fill(drawn(6), LABELS)
    filled, queries = memory.centers.clone(), drawn(6, seed=2).requires_grad_()
    memory.eval()
    value = memory(queries, LABELS)
    assert torch.equal(memory.centers, filled)
    memory.train()
    assert torch.equal(memory(queries, LABELS), value)
    expected = moved_centers(filled, queries, LABELS, momentum=0.5)
    assert torch.equal(memory.centers, expected)
    value.backward()  # the memory has moved on; the graph of the earlier loss is whole
    assert queries.grad.abs().sum() > 0
    assert not list(memory.parameters())
    assert not memory.state_dict()


def test_another_epoch_may_have_other_clusters() -> None:
    memory = ClusterMemory()
    memory.fill(drawn(6), LABELS)
    memory.fill(drawn(6), torch.tensor([0, 1, 2, 3, 4, 4]))
    assert memory(drawn(2), torch.tensor([0, 4])).isfinite()


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="fill it with the features of all clusters first"):
        ClusterMemory()(drawn(2), torch.tensor([0, 1]))
    with pytest.raises(ValueError, match="all are outliers"):
        cluster_centers(drawn(2), torch.tensor([-1, -1]))
    with pytest.raises(ValueError, match=r"clusters 0\.\.2, nobody is in \[1\]"):
        cluster_centers(drawn(2), torch.tensor([0, 2]))
    with pytest.raises(ValueError, match=r"momentum must be from 0 to 1, not 1\.5"):
        moved_centers(drawn(2), drawn(2), torch.tensor([0, 1]), momentum=1.5)
    with pytest.raises(ValueError, match="not 'mean'"):
        moved_centers(drawn(2), drawn(2), torch.tensor([0, 1]), update="mean")
