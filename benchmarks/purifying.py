"""The purifying graph: neighbours of 100,000 embeddings, and pivot subgraphs a second.

    python benchmarks/purifying.py [--scale small] [--rounds 3] [--out FILE.json]

Neighbours of N x 512 embeddings by cosine (k = 40), exactly; then, for a tenth of the rows and in
turns, the same beside what one writes first (a product of float32, block by block, with
``torch.topk``), beside that product alone, in float32 and in bfloat16, which no exact search can be
faster than, and beside faiss's flat index. Then subgraphs of 40 neighbours with 5 of each and 5
edges a node, as training and purifying cut them out. Seconds are those of the clock; core seconds,
of all threads together, depend less on what else the machine does. ``as float64`` is the share of
neighbours that a search in float64 finds too, ties and all.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from _report import arguments, machine, save, show, spent
from torch import Tensor
from torch.nn.functional import normalize

from reid_gen.purifying import Hops, NeighbourGraph, nearest_neighbours, pivot_subgraphs

K, DIMENSION, BATCH, PIVOTS = 40, 512, 16, 1920
PROMISED = {"seconds": 90.0, "subgraphs/s": 300.0}


def people(count: int) -> tuple[Tensor, Tensor]:
    """Embeddings of people with 17 images each, as Market-1501 has."""
    generator = torch.Generator().manual_seed(0)
    pids = torch.arange(count) // 17
    centres = torch.randn(int(pids.max()) + 1, DIMENSION, generator=generator)
    noise = 1.3 * torch.randn(count, DIMENSION, generator=generator)
    return normalize(centres[pids] + noise, dim=1), pids


def plain(features: Tensor, rows: Tensor) -> Tensor:
    """What one writes first."""
    parts = []
    for part in torch.split(rows, 1024):
        scores = features[part] @ features.T
        scores[torch.arange(len(part)), part] = -torch.inf
        parts.append(scores.topk(K, dim=1).indices)
    return torch.cat(parts)


def product(features: Tensor, rows: Tensor, dtype: torch.dtype) -> Callable[[], None]:
    """The scores alone, into memory that is used again."""
    anchors = features.to(dtype)
    tile = torch.empty(1024, len(features), dtype=dtype)

    def work() -> None:
        for part in torch.split(rows, 1024):
            torch.mm(anchors[part], anchors.T, out=tile[: len(part)])

    return work


def flat(features: Tensor, rows: Tensor) -> Callable[[], object] | None:
    """The exact index of faiss, where it is installed."""
    try:
        import faiss
    except ImportError:
        return None
    faiss.omp_set_num_threads(torch.get_num_threads())
    index = faiss.IndexFlatIP(DIMENSION)
    index.add(features.numpy())
    queries = features[rows].numpy()
    return lambda: index.search(queries, K + 1)


def beside_others(features: Tensor, rounds: int) -> list[dict[str, Any]]:
    """Core seconds of each way for a tenth of the rows, taking turns, and how many times ours."""
    rows = torch.arange(0, len(features), 10)
    ours = lambda: nearest_neighbours(features[rows], features, k=K, own=rows)  # noqa: E731
    works: dict[str, Callable[[], object]] = {
        "ours, exact": ours,
        "product and topk, float32": lambda: plain(features, rows),
        "product alone, float32": product(features, rows, torch.float32),
        "product alone, bfloat16": product(features, rows, torch.bfloat16),
    }
    index = flat(features, rows)
    if index is not None:
        works["faiss, flat"] = index
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            seconds[name].append(spent(work))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return [
        {
            "a tenth of the rows": name,
            "seconds": value,
            "times ours": value / medians["ours, exact"],
        }
        for name, value in medians.items()
    ]


def right(features: Tensor, near: Tensor) -> float:
    """Share of some rows' neighbours that float64 names too."""
    rows = torch.arange(0, len(features), max(1, len(features) // 200))
    double = features.double()
    double = double / double.norm(dim=1, keepdim=True)
    scores = double[rows] @ double.T
    scores[torch.arange(len(rows)), rows] = -torch.inf
    least = scores.topk(K, dim=1).values[:, -1:]
    return float((scores.gather(1, near[rows]) >= least).double().mean())


def timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds of the clock, seconds of the cores, and the result."""
    started, begun = time.perf_counter(), time.process_time()
    found = work()
    return time.perf_counter() - started, time.process_time() - begun, found


def main() -> None:
    options = arguments(__doc__).parse_args()
    count = max(2000, round(100_000 * options.scale))
    features, pids = people(count)
    rows = torch.arange(count)
    nearest_neighbours(features[:2000], features, k=K)  # for what is compiled and cached
    seconds, cores, (near, cosines) = timed(
        lambda: nearest_neighbours(features, features, k=K, own=rows)
    )
    others = beside_others(features, options.rounds)
    graph = NeighbourGraph(features, pids, torch.ones(count, dtype=torch.bool), near, cosines)
    pivots = torch.randperm(count, generator=torch.Generator().manual_seed(0))[:PIVOTS]
    cutting, cut, _ = timed(
        lambda: [pivot_subgraphs(graph, part, Hops()) for part in torch.split(pivots, BATCH)]
    )
    row = {
        "embeddings": count,
        "threads": torch.get_num_threads(),
        "seconds": seconds,
        "core seconds": cores,
        "as float64": right(features, near),
        "subgraphs/s": len(pivots) / cutting,
        "subgraphs/core second": len(pivots) / cut,
    }
    show(f"graph of {count:,} x {DIMENSION}, k = {K}", [row])
    show("", others)
    save(
        options.out,
        {
            "machine": machine("torch", "faiss-cpu", "numba"),
            "promised": PROMISED,
            "graph": row,
            "beside": others,
        },
    )


if __name__ == "__main__":
    main()
