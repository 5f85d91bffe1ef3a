from .agreement import ClusteringScores, clustering_scores
from .clusterer import cluster_graph
from .corruptions import corrupt, list_corruptions
from .deciding import purify
from .folds import CrossFit, cross_fit
from .gcn import LinkGCN, mean_aggregation
from .gcn_files import TrainedGCN, load_gcn, save_gcn
from .gcn_training import GcnTraining, train_gcn
from .graph import NeighbourGraph, build_graph
from .graph_files import GraphFolder, load_graph, save_graph
from .knn import nearest_neighbours
from .links import Links, cosine_links, link_labels, link_loss, predict_links
from .nodes import embed_nodes
from .propagation import edges_of, propagate_labels
from .rules import Case, Limits, judge, list_rules
from .subgraphs import Hops, Subgraphs, pivot_subgraphs

__all__ = [
    "Case",
    "ClusteringScores",
    "CrossFit",
    "GcnTraining",
    "GraphFolder",
    "Hops",
    "Limits",
    "LinkGCN",
    "Links",
    "NeighbourGraph",
    "Subgraphs",
    "TrainedGCN",
    "build_graph",
    "cluster_graph",
    "clustering_scores",
    "corrupt",
    "cosine_links",
    "cross_fit",
    "edges_of",
    "embed_nodes",
    "judge",
    "link_labels",
    "link_loss",
    "list_corruptions",
    "list_rules",
    "load_gcn",
    "load_graph",
    "mean_aggregation",
    "nearest_neighbours",
    "pivot_subgraphs",
    "predict_links",
    "propagate_labels",
    "purify",
    "save_gcn",
    "save_graph",
    "train_gcn",
]
