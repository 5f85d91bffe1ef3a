"""Query expansion and database-side augmentation: features pulled towards their neighbours.

Sources: Chum et al., "Total Recall", ICCV 2007 (average query expansion); Radenović, Tolias and
Chum, "Fine-tuning CNN Image Retrieval with No Human Annotation", TPAMI 2018 (alpha weighting);
Arandjelović and Zisserman, "Three things everyone should know", CVPR 2012 (database side).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from reid_eval.rerank.distances import Array, FeatureDistances, spans

__all__ = [
    "QueryExpansion",
    "alpha_query_expansion",
    "average_query_expansion",
    "database_augmentation",
]

BLOCK = 1024  # queries whose similarities to the whole gallery are held at a time


def average_query_expansion(query: Array, gallery: Array, *, neighbours: int = 5) -> Tensor:
    """Mean of each query and its nearest gallery items, L2-normalised.

    Args:
        query: (Q, D).
        gallery: (G, D).
        neighbours: gallery items that join the query; all where the gallery has fewer.

    Returns:
        (Q, D) float32 of length 1.

    Raises:
        ValueError: parameters out of range, shapes that do not fit, features not finite or zero.
    """
    return alpha_query_expansion(query, gallery, neighbours=neighbours, alpha=0.0)


def alpha_query_expansion(
    query: Array, gallery: Array, *, neighbours: int = 5, alpha: float = 3.0
) -> Tensor:
    """Sum of each query and its nearest gallery items with weights max(cos, 0) ** alpha.

    The query itself has weight 1. With alpha 0 this is `average_query_expansion`.

    Args:
        query: (Q, D).
        gallery: (G, D).
        neighbours: gallery items that join the query; all where the gallery has fewer.
        alpha: how fast the weight falls with the cosine similarity, 0 or more.

    Returns:
        (Q, D) float32 of length 1.

    Raises:
        ValueError: parameters out of range, shapes that do not fit, features not finite or zero.
    """
    items = FeatureDistances(query, gallery)
    queries, others = items.features[: items.queries], items.features[items.queries :]
    return _pull(queries, others, neighbours, alpha, themselves=False)


def database_augmentation(gallery: Array, *, neighbours: int = 5, alpha: float = 0.0) -> Tensor:
    """Each gallery item pulled towards its nearest other gallery items.

    Args:
        gallery: (G, D).
        neighbours: other items that join each item.
        alpha: weights are max(cos, 0) ** alpha, the item's own is 1; 0 is the plain mean.

    Returns:
        (G, D) float32 of length 1, in the gallery's order.

    Raises:
        ValueError: parameters out of range, a wrong shape, features not finite or zero.
    """
    items = FeatureDistances(gallery[:1], gallery).features[1:]
    return _pull(items, items, neighbours, alpha, themselves=True)


@dataclass(frozen=True)
class QueryExpansion:
    """Cosine distances after expansion; call it with features.

    Attributes:
        neighbours: gallery items that join each query; 0 leaves queries as they are.
        alpha: see `alpha_query_expansion`; 0 is average query expansion.
        database_neighbours: see `database_augmentation`, which comes first; 0 turns it off.
        database_alpha: its alpha.
    """

    neighbours: int = 5
    alpha: float = 0.0
    database_neighbours: int = 0
    database_alpha: float = 0.0

    def __post_init__(self) -> None:
        for count, alpha in (
            (self.neighbours, self.alpha),
            (self.database_neighbours, self.database_alpha),
        ):
            _check(count, alpha, least=0)

    def __call__(self, query: Array, gallery: Array) -> Tensor:
        """Distances 2 - 2 cos, (Q, G) float32."""
        if self.database_neighbours:
            gallery = database_augmentation(
                gallery, neighbours=self.database_neighbours, alpha=self.database_alpha
            )
        if self.neighbours:
            query = alpha_query_expansion(
                query, gallery, neighbours=self.neighbours, alpha=self.alpha
            )
        distances = FeatureDistances(query, gallery)
        return distances.block(
            slice(0, distances.queries), slice(distances.queries, distances.size)
        )


def _pull(
    items: Tensor, among: Tensor, neighbours: int, alpha: float, *, themselves: bool
) -> Tensor:
    """Weighted sums of normalised items and their nearest; `themselves` where both are the same."""
    _check(neighbours, alpha, least=1)
    count = min(neighbours, len(among) - themselves)
    out = items.clone()
    if count == 0:
        return out
    for rows in spans(len(items), BLOCK):
        similarity = items[rows] @ among.T
        if themselves:
            # An item has its own weight already; its copies elsewhere count as neighbours.
            similarity.diagonal(rows.start).fill_(-torch.inf)
        weights, nearest = similarity.topk(count, dim=1)
        weights = weights.clamp_min_(0).pow_(alpha)
        for rank in range(count):  # a gather of all ranks at once would be (b, count, D)
            out[rows].addcmul_(weights[:, rank, None], among[nearest[:, rank]])
    return torch.nn.functional.normalize(out, dim=1)


def _check(neighbours: int, alpha: float, *, least: int) -> None:
    if neighbours < least:
        raise ValueError(f"neighbours must be at least {least}, came {neighbours}")
    if not 0 <= alpha < float("inf"):
        raise ValueError(f"alpha must be 0 or more and finite, came {alpha}")
