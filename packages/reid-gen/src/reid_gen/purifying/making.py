"""From a data set, a model and a generated set to a graph folder."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from reid_data.records import Records
from reid_data.workers import WorkerCount
from reid_eval.embedders import Embedder
from reid_eval.embeddings import Embeddings
from reid_gen.purifying.folds import CrossFit, cross_fit, parse_fold
from reid_gen.purifying.graph import build_graph
from reid_gen.purifying.graph_files import GraphFolder
from reid_gen.purifying.nodes import PLANTED, REAL, embed_nodes

__all__ = ["extractor_lessons", "make_graph"]


def make_graph(
    embedder: Embedder,
    real: Records,
    *,
    generated: Records | None = None,
    fold: str | None = None,
    neighbours: int = 40,
    plant: float = 0.25,
    seed: int = 0,
    batch_size: int = 64,
    workers: WorkerCount = 0,
    advance: Callable[[int], None] | None = None,
) -> GraphFolder:
    """Embed real, corrupted and generated images and connect each with the nearest real ones.

    Args:
        embedder: the re-ID model; with a fold, one that never saw the identities of the graph.
        real: real training images.
        generated: generated images with the identities that they claim.
        fold: like ``1/3``: only its target and GCN identities are in the graph, apart from each
            other. Without one everybody teaches and everybody is judged.
        neighbours: K.
        plant: share of corrupted copies of real images.
        seed: of folds and corruptions.
        batch_size: images at once.
        workers: loader processes.
        advance: called with the number of images just embedded.

    Raises:
        ValueError: the fold is malformed, or none of its identities has images.
    """
    turn = _turn(real, fold, seed)
    if turn is not None:
        real = real.subset(pids=[*turn.target.tolist(), *turn.gcn.tolist()])
        if generated is not None:
            generated = generated.take(np.isin(generated.pids, turn.target))
    nodes = embed_nodes(
        embedder,
        real,
        generated=generated if generated is not None and len(generated) else None,
        plant=plant,
        plant_of=None if turn is None else turn.gcn,
        seed=seed,
        batch_size=batch_size,
        workers=workers,
        advance=advance,
    )
    taught = _taught(nodes, turn)
    graph = build_graph(
        torch.from_numpy(nodes.features),
        torch.tensor(nodes.pids),
        k=neighbours,
        is_anchor=torch.tensor((nodes.table["role"] == REAL).to_numpy()),
        groups=torch.from_numpy(taught.astype(np.int64)),
    )
    table = nodes.table.assign(taught=taught)
    nodes = Embeddings(nodes.features, table, nodes.root, nodes.meta)
    return GraphFolder(graph, nodes, {"fold": fold, "seed": seed})


def extractor_lessons(real: Records, *, fold: str, seed: int = 0) -> Records:
    """The images that the re-ID model of a fold may be trained on.

    Raises:
        ValueError: the fold is malformed.
    """
    number, count = parse_fold(fold)
    turn = cross_fit(real.pids, count=count, seed=seed)[number]
    return real.subset(pids=turn.extractor.tolist())


def _turn(real: Records, fold: str | None, seed: int) -> CrossFit | None:
    if fold is None:
        return None
    number, count = parse_fold(fold)
    return cross_fit(real.pids, count=count, seed=seed)[number]


def _taught(nodes: Embeddings, turn: CrossFit | None) -> np.ndarray:
    """Which nodes belong to the GCN's lessons; only its own identities were corrupted."""
    if turn is None:
        return np.zeros(len(nodes), bool)
    planted = (nodes.table["role"] == PLANTED).to_numpy()
    return np.isin(nodes.pids, turn.gcn) | planted
