from pathlib import Path

import pytest
import torch

from reid_gen.purifying import (
    GcnTraining,
    Hops,
    LinkGCN,
    NeighbourGraph,
    TrainedGCN,
    build_graph,
    link_labels,
    link_loss,
    load_gcn,
    mean_aggregation,
    pivot_subgraphs,
    predict_links,
    save_gcn,
    train_gcn,
)

HOPS = Hops(8, 3, 3)


def test_network_is_what_a_loop_over_nodes_computes(crowd: NeighbourGraph) -> None:
    torch.manual_seed(0)
    network = LinkGCN(16, widths=(6, 5)).eval()
    network.norm.running_mean.normal_()  # type: ignore[union-attr]
    found = pivot_subgraphs(crowd, torch.tensor([3, 77]), HOPS)
    logits = network(found)
    for row in range(2):
        size = int(found.mask[row].sum())
        order = found.mask[row].nonzero()[:, 0].tolist()
        hidden = {n: network.norm(found.features[row, n][None])[0] for n in order}
        for layer in network.layers:
            after = {}
            for node in order:
                near = [m for m in order if found.adjacency[row, node, m]]
                mean = sum((hidden[m] for m in near), torch.zeros_like(hidden[node]))
                both = torch.cat([hidden[node], mean / max(len(near), 1)])
                after[node] = torch.relu(layer.linear(both))
            hidden = after
        assert size == len(hidden)
        for node in range(HOPS.near):
            expected = network.classifier(hidden[node][None])[0]
            torch.testing.assert_close(logits[row, node], expected, atol=1e-5, rtol=1e-4)


def test_a_node_without_neighbours_gets_zero_not_nan() -> None:
    around = mean_aggregation(torch.ones(1, 2, 3), torch.zeros(1, 2, 2))
    assert torch.equal(around, torch.zeros(1, 2, 3))


def test_padding_changes_neither_statistics_nor_logits(crowd: NeighbourGraph) -> None:
    network = LinkGCN(16, widths=(6, 5)).train()
    small, large = Hops(8, 1, 1), torch.tensor([5, 9, 100])
    found = pivot_subgraphs(crowd, large, small)
    padded = type(found)(
        found.pivots,
        torch.nn.functional.pad(found.nodes, (0, 4)),
        torch.nn.functional.pad(found.mask, (0, 4)),
        torch.nn.functional.pad(found.features, (0, 0, 0, 4)),
        torch.nn.functional.pad(found.adjacency, (0, 4, 0, 4)),
        found.near,
    )
    torch.testing.assert_close(network(found), network(padded))


def test_labels_are_the_pivots_identity_and_nobody_has_none(crowd: NeighbourGraph) -> None:
    pids = crowd.pids.clone()
    pids[0] = -1
    graph = NeighbourGraph(
        crowd.features, pids, crowd.is_anchor, crowd.neighbours, crowd.similarities
    )
    labels = link_labels(graph, pivot_subgraphs(graph, torch.tensor([0, 1]), HOPS))
    assert labels[0].tolist() == [0] * HOPS.near
    assert labels[1].tolist() == [int(pids[n] == pids[1]) for n in graph.neighbours[1, :8]]


def test_loss_leaves_padding_out() -> None:
    logits = torch.tensor([[[0.0, 2.0], [9.0, -9.0]]])
    loss = link_loss(logits, torch.tensor([[1, -1]]))
    assert loss.item() == pytest.approx(torch.log1p(torch.exp(torch.tensor(-2.0))).item())
    with pytest.raises(ValueError, match="no link to learn"):
        link_loss(logits, torch.tensor([[-1, -1]]))


def test_training_tells_right_links_from_wrong_ones_on_people_it_never_saw(
    people: tuple[torch.Tensor, torch.Tensor], tmp_path: Path
) -> None:
    features, pids = people
    groups = (pids < 20).long()
    graph, hops = build_graph(features, pids, k=16, groups=groups), Hops(16, 4, 4)
    settings = GcnTraining(epochs=20, decay=0.9, widths=(64, 64))
    lessons = groups.nonzero()[:, 0]
    network, losses = train_gcn(graph, lessons, hops=hops, settings=settings)
    again, _ = train_gcn(graph, lessons, hops=hops, settings=settings)
    pivots = (groups == 0).nonzero()[:, 0]
    links = predict_links(network, graph, pivots, hops=hops)
    same = pids[links.neighbours] == pids[pivots][:, None]
    assert losses[-1] < losses[0]
    assert links.probabilities[same].mean() > links.probabilities[~same].mean() + 0.3
    assert all(
        torch.equal(a, b) for a, b in zip(network.parameters(), again.parameters(), strict=True)
    )

    save_gcn(TrainedGCN(network, hops, {"fold": "1/3"}), tmp_path / "gcn")
    back = load_gcn(tmp_path / "gcn")
    assert (back.hops, back.facts) == (hops, {"fold": "1/3"})
    found = predict_links(back.model, graph, pivots, hops=hops).probabilities
    assert torch.equal(found, links.probabilities)


def test_what_cannot_be_learned_or_read_is_refused(crowd: NeighbourGraph, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="takes embeddings of 4 numbers, came 16"):
        LinkGCN(4)(pivot_subgraphs(crowd, torch.tensor([0]), HOPS))
    alone = build_graph(crowd.features, torch.arange(len(crowd)), k=10)
    with pytest.raises(ValueError, match=r"every link .* is wrong"):
        train_gcn(alone, torch.arange(9), hops=HOPS, settings=GcnTraining())
    with pytest.raises(ValueError, match="reid-gen train-gcn"):
        load_gcn(tmp_path)
    (tmp_path / "gcn.json").write_text("[]")
    with pytest.raises(ValueError, match="damaged"):
        load_gcn(tmp_path)
