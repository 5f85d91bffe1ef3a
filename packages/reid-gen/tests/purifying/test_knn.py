import pytest
import torch

from reid_gen.purifying import NeighbourGraph, build_graph, nearest_neighbours


def test_neighbours_are_those_of_a_full_sort_in_its_order() -> None:
    generator = torch.Generator().manual_seed(1)
    for anchors in (2000, 60):
        points = torch.randn(anchors, 8, generator=generator)
        unit = points / points.norm(dim=1, keepdim=True)
        scores = (unit.double() @ unit.double().T).fill_diagonal_(-2)
        expected = scores.argsort(dim=1, descending=True)[:, :5]
        found, cosines = nearest_neighbours(points, points, k=5, own=torch.arange(anchors))
        assert torch.equal(found, expected)
        torch.testing.assert_close(cosines.double(), scores.gather(1, expected), atol=1e-5, rtol=0)


def test_a_row_is_not_its_own_neighbour_among_its_duplicates() -> None:
    found, _ = nearest_neighbours(torch.ones(6, 3), torch.ones(6, 3), k=3, own=torch.arange(6))
    assert all(row not in near for row, near in enumerate(found.tolist()))
    assert all(len(set(near)) == 3 for near in found.tolist())


def test_fewer_anchors_than_k_leave_empty_places() -> None:
    found, cosines = nearest_neighbours(torch.eye(2), torch.eye(2), k=4, own=torch.arange(2))
    assert found.tolist() == [[1, -1, -1, -1], [0, -1, -1, -1]]
    assert torch.isinf(cosines[:, 1:]).all()


def test_bad_features_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        nearest_neighbours(torch.full((2, 2), torch.nan), torch.eye(2), k=1)
    with pytest.raises(ValueError, match="expected features"):
        nearest_neighbours(torch.eye(3), torch.eye(2), k=1)
    with pytest.raises(ValueError, match="1 neighbour"):
        nearest_neighbours(torch.eye(2), torch.eye(2), k=0)


def test_generated_images_are_nobodys_neighbours() -> None:
    points = torch.randn(40, 4, generator=torch.Generator().manual_seed(0))
    real = torch.arange(40) < 30
    graph = build_graph(points, torch.zeros(40, dtype=torch.int64), k=8, is_anchor=real)
    assert int(graph.neighbours.max()) < 30
    assert int((graph.neighbours[30:] >= 0).sum()) == 80


def test_folds_do_not_meet() -> None:
    points = torch.randn(40, 4, generator=torch.Generator().manual_seed(0))
    groups = torch.arange(40) % 2
    graph: NeighbourGraph = build_graph(
        points, torch.zeros(40, dtype=torch.int64), k=30, groups=groups
    )
    near = graph.neighbours
    assert torch.equal(groups[near][near >= 0], groups[:, None].expand_as(near)[near >= 0])
    with pytest.raises(ValueError, match="no real image is in group 1"):
        build_graph(points, groups, k=3, is_anchor=groups == 0, groups=groups)
