"""How good a link network is on images whose identities are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from reid_gen.purifying.agreement import clustering_scores
from reid_gen.purifying.gcn_files import TrainedGCN
from reid_gen.purifying.graph_files import GraphFolder
from reid_gen.purifying.links import predict_links
from reid_gen.purifying.propagation import edges_of, propagate_labels

__all__ = ["LinkScores", "measure_links"]


@dataclass(frozen=True)
class LinkScores:
    """Scores of links and of the clusters that they make, each 0 .. 1.

    Attributes:
        precision: share of the links found that are right; 1 if none is found.
        recall: share of the right links among neighbours that are found; 1 if there is none.
        auc: area under the ROC curve of the links; NaN where all are of one kind.
        bcubed_f: of the clusters.
        pairwise_f: of the clusters.
        nmi: of the clusters.
        bcubed_f_without_singletons: of images that are not alone; NaN if all are.
        pivots: how many images were asked.
    """

    precision: float
    recall: float
    auc: float
    bcubed_f: float
    pairwise_f: float
    nmi: float
    bcubed_f_without_singletons: float
    pivots: int


def measure_links(
    folder: GraphFolder,
    gcn: TrainedGCN,
    *,
    threshold: float = 0.5,
    batch_size: int = 32,
    device: torch.device | str = "cpu",
    advance: Callable[[int], None] | None = None,
) -> LinkScores:
    """Ask the network about all real images that decide.

    Args:
        folder: the graph.
        gcn: the network.
        threshold: links from this probability on count, and cluster.
        batch_size: subgraphs at once.
        device: where the network runs.
        advance: called with the number of images just done.

    Raises:
        ValueError: the embeddings have another size than the network's.
    """
    graph, anchors = folder.graph, folder.anchors
    links = predict_links(
        gcn.model,
        graph,
        anchors,
        hops=gcn.hops,
        batch_size=batch_size,
        device=device,
        advance=advance,
    )
    real = links.neighbours >= 0
    same = graph.pids[links.neighbours.clamp_min(0)] == graph.pids[anchors][:, None]
    truth, chance = same[real].numpy(), links.probabilities[real].numpy()
    found = chance >= threshold
    right = int((found & truth).sum())
    edges, scores = edges_of(links)
    labels = propagate_labels(edges, scores, count=len(graph), threshold=threshold)
    labels, pids = labels[anchors.numpy()], graph.pids[anchors].numpy()
    clusters = clustering_scores(labels, pids)
    crowded = np.unique(labels, return_counts=True)[1].max() > 1
    return LinkScores(
        precision=right / found.sum() if found.any() else 1.0,
        recall=right / truth.sum() if truth.any() else 1.0,
        auc=float(roc_auc_score(truth, chance)) if 0 < truth.mean() < 1 else float("nan"),
        bcubed_f=clusters.bcubed_f,
        pairwise_f=clusters.pairwise_f,
        nmi=clusters.nmi,
        bcubed_f_without_singletons=(
            clustering_scores(labels, pids, singletons=False).bcubed_f if crowded else float("nan")
        ),
        pivots=len(anchors),
    )
