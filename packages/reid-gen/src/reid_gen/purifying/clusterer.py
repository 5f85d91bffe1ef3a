"""The graph as a clusterer of unlabelled embeddings: ``graph`` of ``reid.clusterers``."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from reid_gen.purifying.gcn_files import load_gcn
from reid_gen.purifying.graph import build_graph
from reid_gen.purifying.links import cosine_links, predict_links
from reid_gen.purifying.propagation import edges_of, propagate_labels

__all__ = ["cluster_graph"]

_LIKELY, _ALIKE = 0.5, 0.7


def cluster_graph(
    features: Tensor,
    *,
    k: int = 20,
    gcn: Path | str | None = None,
    threshold: float | None = None,
    max_size: int = 300,
    step: float = 0.6,
    device: torch.device | str = "cpu",
) -> Tensor:
    """Cluster embeddings by the links of their neighbour graph.

    Args:
        features: (N, D), floating.
        k: neighbours of each, where no GCN says how many it needs.
        gcn: folder of a trained link network; without one the cosine is the link's score.
        threshold: links below it never merge; 0.5 for a network, 0.7 for cosines by default.
        max_size: larger clusters fall apart, see
            [`propagate_labels`][reid_gen.purifying.propagation.propagate_labels].
        step: how fast they do.
        device: where the network runs.

    Returns:
        Cluster of each row, (N,) int64, and -1 for a row that is alone.

    Raises:
        ValueError: the features are no such tensor, or the GCN is for embeddings of another size.

    Examples:
        >>> points = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]])
        >>> cluster_graph(points, k=2).tolist()
        [0, 0, -1]
    """
    count = len(features)
    trained = None if gcn is None else load_gcn(gcn, device=device)
    places = k if trained is None else trained.hops.needs
    graph = build_graph(features.detach().cpu(), torch.full((count,), -1), k=places)
    everyone = torch.arange(count)
    if trained is None:
        links = cosine_links(graph, everyone, near=k)
    else:
        links = predict_links(trained.model, graph, everyone, hops=trained.hops, device=device)
    default = _ALIKE if trained is None else _LIKELY
    labels = propagate_labels(
        *edges_of(links),
        count=count,
        threshold=default if threshold is None else threshold,
        max_size=max_size,
        step=step,
    )
    found = torch.from_numpy(labels)
    return _outliers_out(found).to(features.device)


def _outliers_out(labels: Tensor) -> Tensor:
    """Number the clusters of two or more 0, 1, ...; the others become -1."""
    together = labels.bincount()[labels] > 1
    found = torch.full_like(labels, -1)
    found[together] = torch.unique(labels[together], return_inverse=True)[1]
    return found
