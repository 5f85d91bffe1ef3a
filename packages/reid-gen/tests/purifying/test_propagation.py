import numpy as np
import pytest
import torch

from reid_gen.purifying import Links, edges_of, propagate_labels


def test_edges_are_undirected_with_the_mean_of_both_directions() -> None:
    links = Links(
        torch.tensor([0, 1]),
        torch.tensor([[1, 2], [0, -1]]),
        torch.tensor([[0.9, 0.4], [0.5, 0.0]]),
    )
    edges, scores = edges_of(links)
    assert edges.tolist() == [[0, 1], [0, 2]]
    np.testing.assert_allclose(scores, [0.7, 0.4], atol=1e-6)


def test_hand_worked_graph() -> None:
    # 0-1 and 2-3 are sure, 1-2 holds them together at 0.6, 3-4 is below the threshold, 5 is alone.
    edges = np.array([[0, 1], [2, 3], [1, 2], [3, 4]])
    scores = np.array([0.95, 0.9, 0.6, 0.3])
    whole = propagate_labels(edges, scores, count=6, threshold=0.5)
    assert whole.tolist() == [0, 0, 0, 0, 1, 2]
    # At most two: the four try again at 0.5 + 0.5 * 0.6 = 0.8, where 1-2 is gone.
    parted = propagate_labels(edges, scores, count=6, threshold=0.5, max_size=2)
    assert parted.tolist() == [0, 0, 1, 1, 2, 3]
    # At most one: 0.8, then 0.92, where only 0-1 holds, then 0.968, where nothing does.
    alone = propagate_labels(edges, scores, count=6, threshold=0.5, max_size=1)
    assert alone.tolist() == [0, 1, 2, 3, 4, 5]
    # The rounds end before that: what is left keeps its components.
    ended = propagate_labels(edges, scores, count=6, threshold=0.5, max_size=1, max_rounds=3)
    assert ended.tolist() == [0, 0, 1, 2, 3, 4]


def test_small_clusters_do_not_merge_along_unlikely_edges() -> None:
    edges = np.array([[0, 1]])
    assert propagate_labels(edges, np.array([0.01]), count=2).tolist() == [0, 1]


def test_no_edge_leaves_everybody_alone() -> None:
    none = np.empty((0, 2), np.int64)
    assert propagate_labels(none, np.empty(0), count=3).tolist() == [0, 1, 2]


def test_bad_edges_are_refused() -> None:
    with pytest.raises(ValueError, match="there are 2 nodes"):
        propagate_labels(np.array([[0, 2]]), np.array([1.0]), count=2)
    with pytest.raises(ValueError, match="expected edges"):
        propagate_labels(np.array([[0, 1]]), np.array([1.0, 1.0]), count=2)
    with pytest.raises(ValueError, match="threshold"):
        propagate_labels(np.array([[0, 1]]), np.array([1.0]), count=2, threshold=2)
