"""Apply a rule to the generated images of a graph."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch

from reid_gen.purifying.gcn_files import TrainedGCN
from reid_gen.purifying.graph_files import GraphFolder
from reid_gen.purifying.links import predict_links
from reid_gen.purifying.rules import Case, Limits, judge, needs_links

__all__ = ["check_gcn", "purify"]


def check_gcn(folder: GraphFolder, gcn: TrainedGCN) -> None:
    """Refuse a network that was trained on other embeddings, or on the identities it shall judge.

    Raises:
        ValueError: says which.
    """
    size = folder.graph.features.shape[1]
    if gcn.model.dimension != size:
        raise ValueError(
            f"this GCN takes embeddings of {gcn.model.dimension} numbers, the graph has {size}; "
            "train one for this graph with reid-gen train-gcn"
        )
    if gcn.facts.get("fingerprint") != folder.fingerprint:
        raise ValueError(
            "the GCN was trained on embeddings of another model than the graph's; "
            "train one for this graph with reid-gen train-gcn"
        )
    judged = folder.embeddings.pids[folder.generated.numpy()]
    seen = np.intersect1d(judged, np.asarray(gcn.facts.get("pids", ()), np.int64))
    if folder.facts.get("fold") is not None and len(seen):
        raise ValueError(
            f"the GCN learned from {len(seen)} of the identities that it shall judge, first "
            f"{seen[0]}; give the GCN that was trained on this fold's graph"
        )


def purify(
    folder: GraphFolder,
    *,
    rule: str = "link",
    gcn: TrainedGCN | None = None,
    limits: Limits | None = None,
    batch_size: int = 32,
    device: torch.device | str = "cpu",
    advance: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Decide on each generated image of a graph.

    Args:
        folder: the graph.
        rule: see `list_rules`.
        gcn: the link network, for rules ``link`` and ``cluster``.
        limits: of the rule.
        batch_size: subgraphs at once.
        device: where the network runs.
        advance: called with the number of subgraphs just judged.

    Returns:
        One row a generated image, in the graph's order: ``path``, ``pid`` (claimed), ``score``,
        ``kept``, ``reason`` and what the score was made of.

    Raises:
        ValueError: the rule is unknown or lacks its GCN, the GCN does not fit, or the graph has no
            generated images.
    """
    rows, anchors = folder.generated, folder.anchors
    if not len(rows):
        raise ValueError("the graph has no generated images; reid-gen graph --generated adds them")
    links = None
    if needs_links(rule):
        if gcn is None:
            raise ValueError(f"rule {rule} needs a GCN; reid-gen train-gcn makes one")
        check_gcn(folder, gcn)
        pivots = torch.cat([rows, anchors]) if rule == "cluster" else rows
        links = predict_links(
            gcn.model,
            folder.graph,
            pivots,
            hops=gcn.hops,
            batch_size=batch_size,
            device=device,
            advance=advance,
        )
    found = judge(rule, Case(folder.graph, rows, anchors, links), limits)
    table = folder.embeddings.table.iloc[rows.numpy()][["path", "pid"]].reset_index(drop=True)
    return pd.concat([table, found], axis=1)
