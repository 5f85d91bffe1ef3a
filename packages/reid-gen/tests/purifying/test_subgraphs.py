import pytest
import torch

from reid_gen.purifying import Hops, NeighbourGraph, build_graph, pivot_subgraphs


def naive(graph: NeighbourGraph, pivot: int, hops: Hops) -> tuple[set[int], set[tuple[int, int]]]:
    """Nodes and edges as the paper says it, one by one."""

    def near(node: int, count: int) -> list[int]:
        return [other for other in graph.neighbours[node, :count].tolist() if other >= 0]

    nodes = {pivot, *near(pivot, hops.near)}
    for node in near(pivot, hops.near):
        nodes |= set(near(node, hops.far))
    edges = set()
    for node in nodes:
        for other in near(node, hops.edges):
            if other in nodes:
                edges |= {(node, other), (other, node)}
    return nodes, edges


@pytest.mark.parametrize("hops", [Hops(6, 3, 3), Hops(10, 5, 2), Hops(1, 1, 1)])
def test_batches_are_what_a_loop_builds(crowd: NeighbourGraph, hops: Hops) -> None:
    pivots = torch.arange(0, len(crowd), 7)
    found = pivot_subgraphs(crowd, pivots, hops)
    for row, pivot in enumerate(pivots.tolist()):
        nodes, edges = naive(crowd, pivot, hops)
        mine = found.nodes[row][found.mask[row]].tolist()
        assert len(mine) == len(set(mine))
        assert set(mine) == nodes
        starts, ends = found.adjacency[row].nonzero(as_tuple=True)
        places = found.nodes[row]
        assert set(zip(places[starts].tolist(), places[ends].tolist(), strict=True)) == edges
        assert torch.equal(found.nodes[row, : hops.near], crowd.neighbours[pivot, : hops.near])
        expected = crowd.features[mine] - crowd.features[pivot]
        torch.testing.assert_close(found.features[row][found.mask[row]], expected)


def test_fewer_neighbours_than_k_and_duplicates_are_padding_without_edges() -> None:
    points = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    graph = build_graph(points, torch.tensor([1, 1, 1, 2]), k=6)
    found = pivot_subgraphs(graph, torch.arange(4), Hops(6, 6, 6))
    assert found.mask.sum(dim=1).tolist() == [4, 4, 4, 4]
    assert found.adjacency[~found.mask].sum() == 0
    assert found.features[~found.mask].abs().sum() == 0


def test_a_graph_with_too_few_neighbours_says_what_to_do(crowd: NeighbourGraph) -> None:
    with pytest.raises(ValueError, match="--neighbours"):
        pivot_subgraphs(crowd, torch.arange(2), Hops(11, 2, 2))
    with pytest.raises(ValueError, match="1 or more"):
        Hops(0, 1, 1)
