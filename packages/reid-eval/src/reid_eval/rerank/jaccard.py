"""Jaccard distances of k-reciprocal neighbourhoods within one set, for clustering it.

The distance that `reid_eval.rerank.k_reciprocal` mixes into a ranking, here among items that are
no queries of one another, and only where it is small: a sparse matrix, as density-based clustering
takes it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy import sparse

from reid_eval.rerank._nearest import nearest
from reid_eval.rerank.distances import Array, FeatureDistances, Metric, spans
from reid_eval.rerank.k_reciprocal import encode_neighbourhoods

__all__ = ["jaccard_neighbours"]


def jaccard_neighbours(
    features: Array,
    *,
    within: float,
    k1: int = 30,
    k2: int = 6,
    metric: Metric = "cosine",
    block: int = 256,
) -> Any:
    """Pairs of items whose Jaccard distance is at most some value.

    With V as in `k_reciprocal_rerank`, all items standing on one side::

        t(i, j)  = sum_k min(V[i, k], V[j, k])
        distance = 1 - t / (2 - t)

    Args:
        features: (N, D), not necessarily normalised.
        within: largest distance to keep, from 0 to less than 1.
        k1: size of the neighbourhood in which reciprocity is asked for.
        k2: neighbours that V is averaged over; 1 turns it off.
        metric: "cosine" or "euclidean".
        block: items compared with all others at once; memory grows with it, the result is the same.

    Returns:
        (N, N) `scipy.sparse.csr_array` of float32 with those distances, the diagonal's zeros
        included, columns ascending.

    Raises:
        ValueError: parameters out of range, or features that are not finite.

    Source:
        Zhong et al., "Re-ranking Person Re-identification with k-reciprocal Encoding", CVPR 2017;
        for clustering as in Ge et al., "Self-paced Contrastive Learning", NeurIPS 2020.

    Examples:
        >>> two_pairs = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
        >>> jaccard_neighbours(two_pairs, within=0.5, k1=1, k2=1).indices.tolist()
        [0, 1, 0, 1, 2, 3, 2, 3]
    """
    if k1 < 1 or k2 < 1 or block < 1:
        raise ValueError(f"k1, k2 and block must be at least 1, came {k1}, {k2} and {block}")
    if not 0 <= within < 1:
        raise ValueError(f"within must be at least 0 and less than 1, came {within}")
    # Who of them is a query makes no difference to the neighbours of all.
    distances = FeatureDistances(features[:1], features[1:], metric=metric)
    lists = nearest(distances, max(k1 + 1, k2), normalised=True)
    encoding = encode_neighbourhoods(distances, lists, k1=k1, k2=k2)
    return _near(encoding, within=within, block=block)


def _near(encoding: Any, *, within: float, block: int) -> Any:
    from reid_eval.rerank._kernels import spread, sum_of_minima

    by_column = encoding.tocsc()
    size = encoding.shape[0]
    parts = []
    for rows in spans(size, block):
        minima = torch.empty(rows.stop - rows.start, size)
        offsets = encoding.indptr[rows.start : rows.stop + 1]
        left = offsets, encoding.indices, encoding.data
        right = by_column.indptr, by_column.indices, by_column.data
        spread(sum_of_minima, len(minima), *left, *right, minima.numpy())
        found = (1 - minima / (2 - minima)).clamp_min_(0).numpy()
        own = np.arange(rows.start, rows.stop)
        found[own - rows.start, own] = 0
        chosen, columns = np.nonzero(found <= within)
        counts = np.bincount(chosen, minlength=len(found))
        offsets = np.concatenate([[0], np.cumsum(counts)])
        parts.append(
            sparse.csr_array((found[chosen, columns], columns, offsets), shape=found.shape)
        )
    return sparse.vstack(parts, format="csr")
