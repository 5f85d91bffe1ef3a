"""How good clusters are where the identities are known: B-cubed, pairwise F and NMI."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["ClusteringScores", "clustering_scores"]


@dataclass(frozen=True)
class ClusteringScores:
    """Scores of a clustering, each 0 .. 1.

    Attributes:
        bcubed_precision: mean over images of the share of their cluster that is their identity.
        bcubed_recall: mean over images of the share of their identity that is in their cluster.
        bcubed_f: their harmonic mean (Amigo et al., 2009).
        pairwise_precision: share of pairs in one cluster that are of one identity; 1 without one.
        pairwise_recall: share of pairs of one identity that are in one cluster; 1 without one.
        pairwise_f: their harmonic mean.
        nmi: mutual information over the arithmetic mean of the entropies.
        clusters: how many there are.
        images: how many were counted.
    """

    bcubed_precision: float
    bcubed_recall: float
    bcubed_f: float
    pairwise_precision: float
    pairwise_recall: float
    pairwise_f: float
    nmi: float
    clusters: int
    images: int


def clustering_scores(
    labels: ArrayLike, pids: ArrayLike, *, singletons: bool = True
) -> ClusteringScores:
    """Compare clusters with identities.

    Args:
        labels: (N,) cluster of each image; each negative one is a cluster of its own (an outlier).
        pids: (N,) identity of each image.
        singletons: count images that are alone in their cluster.

    Raises:
        ValueError: lengths differ, or no image is left.

    Examples:
        >>> clustering_scores([0, 0, 1, 1], [7, 7, 7, 9]).bcubed_precision
        0.75
    """
    groups, people = np.asarray(labels, np.int64), np.asarray(pids, np.int64)
    if groups.ndim != 1 or groups.shape != people.shape:
        raise ValueError(f"expected labels and pids (N,), came {groups.shape} and {people.shape}")
    alone = groups < 0
    groups = np.where(alone, groups.max(initial=0) + 1 + np.arange(len(groups)), groups)
    if not singletons:
        sizes = np.unique(groups, return_inverse=True, return_counts=True)
        kept = sizes[2][sizes[1].reshape(-1)] > 1
        groups, people = groups[kept], people[kept]
    if not len(groups):
        raise ValueError("no image is left to score: there are none, or each is alone")
    return _scores(groups, people)


def _scores(groups: NDArray[np.int64], people: NDArray[np.int64]) -> ClusteringScores:
    from sklearn.metrics import normalized_mutual_info_score

    pairs = np.stack([groups, people], axis=1)
    cells, counts = np.unique(pairs, axis=0, return_counts=True)
    clusters, of_cell, cluster_sizes = _sizes(cells[:, 0], counts)
    _, person_of_cell, person_sizes = _sizes(cells[:, 1], counts)
    total = counts.sum()
    precision = float((counts**2 / cluster_sizes[of_cell]).sum() / total)
    recall = float((counts**2 / person_sizes[person_of_cell]).sum() / total)
    together = float(_pairs(counts).sum())
    in_clusters, in_people = float(_pairs(cluster_sizes).sum()), float(_pairs(person_sizes).sum())
    pair_precision = together / in_clusters if in_clusters else 1.0
    pair_recall = together / in_people if in_people else 1.0
    return ClusteringScores(
        bcubed_precision=precision,
        bcubed_recall=recall,
        bcubed_f=_harmonic(precision, recall),
        pairwise_precision=pair_precision,
        pairwise_recall=pair_recall,
        pairwise_f=_harmonic(pair_precision, pair_recall),
        nmi=float(normalized_mutual_info_score(people, groups)),
        clusters=clusters,
        images=int(total),
    )


def _sizes(
    names: NDArray[np.int64], counts: NDArray[np.int64]
) -> tuple[int, NDArray[np.int64], NDArray[np.int64]]:
    there, numbers = np.unique(names, return_inverse=True)
    numbers = numbers.reshape(-1)
    return len(there), numbers, np.bincount(numbers, weights=counts).astype(np.int64)


def _pairs(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    return sizes * (sizes - 1) // 2


def _harmonic(one: float, other: float) -> float:
    return 2 * one * other / (one + other) if one + other else 0.0
