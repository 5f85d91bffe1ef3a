"""Jaccard distances within one set, against the definition written out densely."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reid_eval.rerank import jaccard_neighbours
from reid_eval.rerank._nearest import nearest
from reid_eval.rerank.distances import FeatureDistances
from reid_eval.rerank.k_reciprocal import encode_neighbourhoods


def people(count: int = 8, each: int = 5) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    centers = torch.randn(count, 1, 12, generator=generator)
    return (centers + 0.4 * torch.randn(count, each, 12, generator=generator)).flatten(0, 1)


def dense(features: torch.Tensor, k1: int, k2: int) -> np.ndarray:
    """1 - sum of minima over sum of maxima, pair by pair."""
    distances = FeatureDistances(features[:1], features[1:])
    lists = nearest(distances, max(k1 + 1, k2), normalised=True)
    rows = encode_neighbourhoods(distances, lists, k1=k1, k2=k2).toarray()
    return np.array(
        [[1 - np.minimum(a, b).sum() / np.maximum(a, b).sum() for b in rows] for a in rows]
    )


@pytest.mark.parametrize(("k1", "k2"), [(6, 3), (10, 1)])
@pytest.mark.parametrize("block", [7, 256])
def test_the_near_pairs_are_those_of_the_definition(k1, k2, block):
    features = people()
    expected = dense(features, k1, k2)
    found = jaccard_neighbours(features, within=0.8, k1=k1, k2=k2, block=block)
    assert found.shape == (40, 40)
    assert found.dtype == np.float32
    sure = np.abs(expected - 0.8) > 1e-5
    stored = np.zeros((40, 40), dtype=bool)
    places = found.tocoo()
    stored[places.row, places.col] = True
    stored |= np.eye(40, dtype=bool)
    assert (stored == (expected <= 0.8))[sure].all()
    np.testing.assert_allclose(found.toarray()[stored], expected[stored], atol=1e-5)
    assert (np.diff(found.indptr) >= 1).all()
    assert np.diag(found.toarray()).tolist() == [0] * 40


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="within must be at least 0 and less than 1"):
        jaccard_neighbours(people(), within=1.0)
    with pytest.raises(ValueError, match="must be at least 1"):
        jaccard_neighbours(people(), within=0.5, k1=0)
