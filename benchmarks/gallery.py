"""The embedded gallery beside a bare product: what search, filters and durability cost.

    python benchmarks/gallery.py --out benchmarks/results/gallery.json

100,000 rows of 512 numbers, the 50 best: one query, 1,000 at once, one query of a camera that has a
tenth of the rows; against faiss' flat index and torch's product with topk over the same rows in
memory. All in one process, taking turns; times are of the wall, ratios the medians over the rounds.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pandas as pd
import torch
from _report import arguments, machine, ratio, save, show

from reid_eval.gallery import Filter, Gallery

ROWS, DIMENSION, QUERIES, TOP = 100_000, 512, 1000, 50


def turns(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Wall seconds of each work in each round; they take turns, so that load touches all."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for round_ in range(rounds + 1):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            if round_:  # the first is for what is imported and cached
                seconds[name].append(time.perf_counter() - started)
    return seconds


def row(task: str, seconds: dict[str, list[float]], ours: str) -> dict[str, Any]:
    """One line: our time, and how many times ours the others need."""
    others = {f"{name} / ours": ratio(seconds[name], seconds[ours]) for name in seconds}
    others.pop(f"{ours} / ours")
    return {"task": task, "ms": 1000 * statistics.median(seconds[ours]), **others}


def searches(gallery: Gallery, features: np.ndarray, rounds: int) -> list[dict[str, Any]]:
    random = np.random.default_rng(1)
    queries = random.standard_normal((QUERIES, DIMENSION)).astype(np.float32)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    flat = faiss.IndexFlatIP(DIMENSION)
    flat.add(unit)
    rows = torch.from_numpy(unit)
    where = Filter(cameras=[3])
    result = []
    for task, asked in (("1 query", queries[:1]), (f"{QUERIES} queries", queries)):
        works: dict[str, Callable[[], object]] = {
            "ours": lambda asked=asked: gallery.search(asked, TOP, rows=False),  # type: ignore[misc]
            "faiss": lambda asked=asked: flat.search(asked, TOP),  # type: ignore[misc]
            "torch": lambda asked=asked: (torch.from_numpy(asked) @ rows.T).topk(TOP),  # type: ignore[misc]
        }
        result.append(row(task, turns(works, rounds), "ours"))
    works = {
        "ours": lambda: gallery.search(queries[:1], TOP, where=where, rows=False),
        "no filter": lambda: gallery.search(queries[:1], TOP, rows=False),
    }
    result.append(row("1 query, filter of 10 %", turns(works, rounds), "ours"))
    return result


def filling(folder: Path, features: np.ndarray, table: pd.DataFrame) -> dict[str, float]:
    """Seconds to add all rows, and to open the gallery again."""
    with Gallery.create(folder, dimension=DIMENSION) as gallery:
        started = time.perf_counter()
        gallery.add(features, table)
        added = time.perf_counter() - started
    started = time.perf_counter()
    Gallery.open(folder).close()
    return {"rows": len(features), "add s": added, "open s": time.perf_counter() - started}


def main() -> None:
    options = arguments(__doc__).parse_args()
    count = max(1000, int(ROWS * options.scale))
    features = np.random.default_rng(0).standard_normal((count, DIMENSION)).astype(np.float32)
    table = pd.DataFrame(
        {"path": [f"{name}.jpg" for name in range(count)], "camid": np.arange(count) % 10}
    )
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "gallery"
        filled = filling(place, features, table)
        with Gallery.open(place) as gallery:
            found = searches(gallery, features, options.rounds)
    show("filling", [filled])
    for line in found:
        show("", [line])
    report = {"machine": machine("torch", "faiss-cpu"), "filling": filled, "searches": found}
    save(options.out, report)


if __name__ == "__main__":
    main()
