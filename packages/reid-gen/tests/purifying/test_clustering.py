from importlib.metadata import entry_points

import numpy as np
import pytest
import torch
from torch import Tensor

from reid_gen.purifying import (
    GcnTraining,
    Hops,
    TrainedGCN,
    build_graph,
    cluster_graph,
    clustering_scores,
    save_gcn,
    train_gcn,
)


def test_scores_are_those_of_loops_over_images_and_pairs() -> None:
    rng = np.random.default_rng(0)
    labels, pids = rng.integers(0, 6, 60), rng.integers(0, 8, 60)
    found = clustering_scores(labels, pids)
    precision, recall = [], []
    together = in_cluster = in_person = 0
    for i in range(60):
        cluster, person = labels == labels[i], pids == pids[i]
        precision.append((cluster & person).sum() / cluster.sum())
        recall.append((cluster & person).sum() / person.sum())
        for j in range(i):
            together += int(cluster[j] and person[j])
            in_cluster += int(cluster[j])
            in_person += int(person[j])
    assert found.bcubed_precision == pytest.approx(np.mean(precision))
    assert found.bcubed_recall == pytest.approx(np.mean(recall))
    assert found.pairwise_precision == pytest.approx(together / in_cluster)
    assert found.pairwise_recall == pytest.approx(together / in_person)


def test_perfect_and_single_clusters() -> None:
    perfect = clustering_scores([5, 5, 2, 2], [0, 0, 9, 9])
    assert (perfect.bcubed_f, perfect.pairwise_f, perfect.nmi) == (1, 1, pytest.approx(1))
    lonely = clustering_scores([-1, -1, 3, 3], [0, 0, 9, 9])
    assert lonely.clusters == 3
    assert lonely.bcubed_recall == 0.75
    assert clustering_scores([-1, -1, 3, 3], [0, 0, 9, 9], singletons=False).bcubed_f == 1


def test_nobody_to_score_is_refused() -> None:
    with pytest.raises(ValueError, match="no image is left"):
        clustering_scores([0, 1], [0, 1], singletons=False)
    with pytest.raises(ValueError, match="expected labels"):
        clustering_scores([0, 1], [0])


def test_graph_is_registered_and_finds_people(people: tuple[Tensor, Tensor]) -> None:
    (entry,) = [found for found in entry_points(group="reid.clusterers") if found.name == "graph"]
    features, pids = people
    labels = entry.load()(features, k=8, threshold=0.8)
    assert labels.dtype == torch.int64
    assert clustering_scores(labels, pids).bcubed_f > 0.9


def test_clusters_by_a_network_and_outliers(
    people: tuple[Tensor, Tensor], tmp_path_factory: pytest.TempPathFactory
) -> None:
    features, pids = people
    hops = Hops(16, 4, 4)
    network, _ = train_gcn(
        build_graph(features, pids, k=16),
        torch.arange(len(pids)),
        hops=hops,
        settings=GcnTraining(epochs=20, decay=0.9, widths=(64, 64)),
    )
    folder = save_gcn(TrainedGCN(network, hops, {}), tmp_path_factory.mktemp("gcn"))
    assert clustering_scores(cluster_graph(features, gcn=folder), pids).bcubed_f > 0.9
    strange = torch.cat([features, -features[:1]])
    assert cluster_graph(strange, k=4, threshold=0.9)[-1] == -1
