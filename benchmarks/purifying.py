"""The purifying graph: neighbours of 100,000 embeddings, and pivot subgraphs a second.

    python benchmarks/purifying.py [--scale small] [--rounds 3] [--out FILE.json]

Neighbours of N x 512 embeddings by cosine (k = 40) against a plain block-wise product with
``torch.topk``, in one run; then subgraphs of 40 neighbours with 5 of each and 5 edges a node.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from _report import arguments, machine, save, show
from torch import Tensor
from torch.nn.functional import normalize

from reid_gen.purifying import Hops, NeighbourGraph, nearest_neighbours, pivot_subgraphs

K, DIMENSION, BATCH = 40, 512, 64


def people(count: int) -> tuple[Tensor, Tensor]:
    """Embeddings of people with 17 images each, as Market-1501 has."""
    generator = torch.Generator().manual_seed(0)
    pids = torch.arange(count) // 17
    centres = torch.randn(int(pids.max()) + 1, DIMENSION, generator=generator)
    noise = 1.3 * torch.randn(count, DIMENSION, generator=generator)
    return normalize(centres[pids] + noise, dim=1), pids


def plain(features: Tensor) -> Tensor:
    """What one writes first."""
    parts = []
    for start in range(0, len(features), 1024):
        scores = features[start : start + 1024] @ features.T
        rows = torch.arange(len(scores))
        scores[rows, start + rows] = -torch.inf
        parts.append(scores.topk(K, dim=1).indices)
    return torch.cat(parts)


def timed(work: Callable[[], Tensor]) -> tuple[float, Tensor]:
    """Wall seconds and the result."""
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def main() -> None:
    options = arguments(__doc__).parse_args()
    count = max(2000, round(100_000 * options.scale))
    features, pids = people(count)
    rows = torch.arange(count)
    seconds, (near, cosines) = _once(features, rows)
    # The plain way is measured on a part of the rows, ours on the same.
    share = features[: max(1000, count // 10)]
    ratios = []
    for _ in range(options.rounds):
        ours = timed(lambda: nearest_neighbours(share, share, k=K, own=torch.arange(len(share)))[0])
        theirs = timed(lambda: plain(share))
        ratios.append(theirs[0] / ours[0])
    same = float((ours[1].sort(dim=1).values == theirs[1].sort(dim=1).values).float().mean())
    graph = NeighbourGraph(features, pids, torch.ones(count, dtype=torch.bool), near, cosines)
    pivots = torch.randperm(count, generator=torch.Generator().manual_seed(0))[:1920]
    started = time.perf_counter()
    for part in torch.split(pivots, BATCH):
        pivot_subgraphs(graph, part, Hops())
    speed = len(pivots) / (time.perf_counter() - started)
    row = {
        "embeddings": count,
        "threads": torch.get_num_threads(),
        "neighbours, s": seconds,
        "times plain topk": statistics.median(ratios),
        "same neighbours": same,
        "subgraphs/s": speed,
    }
    show(f"graph of {count:,} x {DIMENSION}, k = {K}", [row])
    save(options.out, {"machine": machine("torch"), "graph": row})


def _once(features: Tensor, rows: Tensor) -> tuple[float, tuple[Tensor, Tensor]]:
    started = time.perf_counter()
    found = nearest_neighbours(features, features, k=K, own=rows)
    return time.perf_counter() - started, found


if __name__ == "__main__":
    main()
