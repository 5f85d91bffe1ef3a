"""How much real images speak for an identity."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

from reid_gen.purifying.graph import NeighbourGraph
from reid_gen.purifying.links import Links

__all__ = ["centroids", "support"]


def support(
    graph: NeighbourGraph, links: Links, anchors: Tensor, *, top: int = 3
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The mean of the best links to the claimed identity, and to the best other one.

    For an identity with R real images the mean is over its ``m = min(top, R)`` best links; a real
    image that is no neighbour counts as zero.

    Args:
        graph: the graph.
        links: of B pivots, whose pids in the graph are their claims.
        anchors: (A,) int64, rows of the real images.
        top: most links of the mean.

    Returns:
        Support of the claim and of the best other identity, float32 (B,) each.
    """
    real = (links.neighbours >= 0).numpy()
    claims = graph.pids[links.pivots].numpy()
    table = pd.DataFrame(
        {
            "pivot": real.nonzero()[0],
            "pid": graph.pids[links.neighbours].numpy()[real],
            "link": links.probabilities.numpy()[real],
        }
    )
    table = table[table["pid"] >= 0].sort_values("link", ascending=False, kind="stable")
    images = pd.Series(graph.pids[anchors].numpy()).value_counts()
    best = table[table.groupby(["pivot", "pid"]).cumcount() < top]
    sums = best.groupby(["pivot", "pid"], as_index=False)["link"].sum()
    sums["mean"] = sums["link"] / np.minimum(top, images.reindex(sums["pid"]).to_numpy())
    own = sums["pid"].to_numpy() == claims[sums["pivot"].to_numpy()]
    return _highest(sums[own], len(claims)), _highest(sums[~own], len(claims))


def centroids(graph: NeighbourGraph, anchors: Tensor) -> tuple[Tensor, Tensor]:
    """Identities (C,), ascending, and the L2-normalised mean (C, D) of each one's real images."""
    rows = anchors[graph.pids[anchors] >= 0]
    pids, member = torch.unique(graph.pids[rows], return_inverse=True)
    sums = torch.zeros(len(pids), graph.features.shape[1])
    return pids, normalize(sums.index_add_(0, member, graph.features[rows]), dim=1)


def _highest(sums: pd.DataFrame, count: int) -> NDArray[np.float32]:
    found = sums.groupby("pivot")["mean"].max().reindex(range(count), fill_value=0.0)
    return found.to_numpy(np.float32)
