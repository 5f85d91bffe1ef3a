"""The embedded gallery beside a bare product: what search, filters and durability cost.

    python benchmarks/gallery.py --out benchmarks/results/gallery.json

100,000 rows of 512 numbers, the 50 best: one query, 1,000 at once, one query of a camera that has a
tenth of the rows; against faiss' flat index and torch's product with topk over the same rows in
memory. All in one process, taking turns; times are of the wall, ratios the medians over the rounds.

With ``--million`` instead: a million rows of 50,000 people, added 100,000 at a time, opened,
searched exactly, indexed, and searched with the index. People lie in all directions alike, which is
the hardest case for an index. Takes 4 GB of disk and a quarter of an hour.
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
MILLION, ROWS_OF_A_PERSON, SPREAD = 1_000_000, 20, 1.0


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


def people(first: int, last: int) -> np.ndarray:
    """Rows ``first`` to ``last`` of a crowd: each person's lie around a direction of their own."""
    owners = np.arange(first, last) // ROWS_OF_A_PERSON
    own = np.random.default_rng([1, first]).standard_normal((last - first, DIMENSION))
    centres = np.stack(
        [
            np.random.default_rng([2, owner]).standard_normal(DIMENSION)
            for owner in np.unique(owners)
        ]
    )
    rows: np.ndarray = centres[owners - owners[0]] + SPREAD * own
    return rows.astype(np.float32)


def million(folder: Path, count: int, rounds: int) -> dict[str, Any]:
    """What a gallery of very many rows costs, and what its index finds."""
    step, added = min(ROWS, count), 0.0
    with Gallery.create(folder, dimension=DIMENSION) as gallery:
        for start in range(0, count, step):
            rows = people(start, start + step)
            table = pd.DataFrame({"path": [f"{start + row}.jpg" for row in range(step)]})
            started = time.perf_counter()
            gallery.add(rows, table)
            added += time.perf_counter() - started
    started = time.perf_counter()
    gallery = Gallery.open(folder, "write")
    opened = time.perf_counter() - started
    queries = people(0, 100 * ROWS_OF_A_PERSON)[::ROWS_OF_A_PERSON]
    with gallery:
        started = time.perf_counter()
        gallery.search(queries[:1], TOP)
        first = time.perf_counter() - started
        report = gallery.build_index()
        works: dict[str, Callable[[], object]] = {
            "exact": lambda: gallery.search(queries[:1], TOP, rows=False, approximate=False),
            "index": lambda: gallery.search(queries[:1], TOP, rows=False, approximate=True),
            "exact, 100 queries": lambda: gallery.search(
                queries, TOP, rows=False, approximate=False
            ),
            "index, 100 queries": lambda: gallery.search(
                queries, TOP, rows=False, approximate=True
            ),
        }
        seconds = turns(works, rounds)
    return {
        "rows": count,
        "add s": added,
        "open s": opened,
        "first search s": first,
        "index": report.kind,
        "index s": report.seconds,
        f"recall of {report.top_k}": report.recall,
        **{f"{name} ms": 1000 * statistics.median(times) for name, times in seconds.items()},
    }


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--million", action="store_true", help="the large gallery instead")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "gallery"
        if options.million:
            found = million(place, max(20_000, int(MILLION * options.scale)), options.rounds)
            show("", [{"": name, "value": value} for name, value in found.items()])
            report = {"machine": machine("torch", "faiss-cpu"), "million": found}
        else:
            report = hundred_thousand(place, max(1000, int(ROWS * options.scale)), options.rounds)
    save(options.out, report)


def hundred_thousand(folder: Path, count: int, rounds: int) -> dict[str, Any]:
    """Filling and searching, beside bare products."""
    features = np.random.default_rng(0).standard_normal((count, DIMENSION)).astype(np.float32)
    table = pd.DataFrame(
        {"path": [f"{name}.jpg" for name in range(count)], "camid": np.arange(count) % 10}
    )
    filled = filling(folder, features, table)
    with Gallery.open(folder) as gallery:
        found = searches(gallery, features, rounds)
    show("filling", [filled])
    for line in found:
        show("", [line])
    return {"machine": machine("torch", "faiss-cpu"), "filling": filled, "searches": found}


if __name__ == "__main__":
    main()
