"""Re-ranking and fusion, for anyone's features.

A re-ranker is called with query and gallery features, (Q, D) and (G, D), and returns distances
(Q, G); its `blocks` gives them a block of queries at a time, of any `Distances`.
"""

from reid_eval.rerank.distances import (
    Distances,
    FeatureDistances,
    GivenDistances,
    distance_blocks,
)
from reid_eval.rerank.expansion import (
    QueryExpansion,
    alpha_query_expansion,
    average_query_expansion,
    database_augmentation,
)
from reid_eval.rerank.gnn import GraphReranking, gnn_rerank
from reid_eval.rerank.jaccard import jaccard_neighbours
from reid_eval.rerank.k_reciprocal import (
    KReciprocal,
    k_reciprocal_blocks,
    k_reciprocal_from_distances,
    k_reciprocal_rerank,
)
from reid_eval.rerank.spatial_temporal import (
    Fusion,
    JointDistances,
    JointLogistic,
    LikelihoodRatio,
)
from reid_eval.rerank.transition_counts import fit_transitions
from reid_eval.rerank.transitions import Transitions

__all__ = [
    "Distances",
    "FeatureDistances",
    "Fusion",
    "GivenDistances",
    "GraphReranking",
    "JointDistances",
    "JointLogistic",
    "KReciprocal",
    "LikelihoodRatio",
    "QueryExpansion",
    "Transitions",
    "alpha_query_expansion",
    "average_query_expansion",
    "database_augmentation",
    "distance_blocks",
    "fit_transitions",
    "gnn_rerank",
    "jaccard_neighbours",
    "k_reciprocal_blocks",
    "k_reciprocal_from_distances",
    "k_reciprocal_rerank",
]
