"""mAP, CMC and mINP of features: time beside the bare matrix product, memory, agreement.

    python benchmarks/evaluation.py [--sizes market1501 msmt17 million] [--dims 2048 512]
        [--rounds 5] [--scale 0.25] [--no-opponents] [--out benchmarks/results/evaluation.json]

Within a round, the bare float32 product (torch, in one piece and in the engine's blocks) and our
evaluation (with either precision; the numbers are compared) run in turn; what counts is the median
over the rounds of their ratio, so that other work on the machine touches both. Memory is measured
in a process of its own, above the features and the loaded libraries. The others come from the
package index into environments of their own and run once. torchreid's release holds no compiled
evaluator, so its Python one is what its users get; torchmetrics knows no cameras, so a loop
filters each query's gallery before it; pytorch-metric-learning cannot leave images of the query's
own camera out, so it is compared with our figures of that protocol too.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from _report import arguments, machine, save
from rich.console import Console
from rich.table import Table

from reid_eval.metrics import (
    Precision,
    RetrievalReport,
    retrieval_metrics,
    retrieval_metrics_from_distances,
)
from reid_eval.metrics.products import block_sizes

HERE = Path(__file__).resolve().parent


class Opponent(NamedTuple):
    """Who else; ``imports`` are what it needs beside what is here, ``protocol`` is what it does."""

    title: str
    script: str
    requirement: str
    imports: tuple[str, ...] = ()
    protocol: Mapping[str, Any] = {}
    why: str = ""


OPPONENTS = (
    Opponent(
        "torchreid 0.2.5, Python evaluator",
        "torchreid_evaluation.py",
        "torchreid==0.2.5",
        why="cosines rounded to float32 swap near-ties; its sums are float32",
    ),
    Opponent(
        "open-metric-learning 4.0.0",
        "oml_evaluation.py",
        "open-metric-learning==4.0.0",
        ("omegaconf==2.3.0", "gdown==5.2.0", "validators==0.35.0"),
        why="distances rounded to float32 swap near-ties; a query without a match would count as 0",
    ),
    Opponent(
        "pytorch-metric-learning 2.9.0",
        "pml_evaluation.py",
        "pytorch-metric-learning==2.9.0",
        protocol={"camera_filter": "none", "junk_pids": ()},
        why="no camera filter: images of the query's own camera stay in and are easy",
    ),
    Opponent(
        "torchmetrics 1.9.0, a loop of queries",
        "torchmetrics_evaluation.py",
        "torchmetrics==1.9.0",
        why="cosines rounded to float32 swap near-ties",
    ),
)
OURS: tuple[tuple[str, Precision], ...] = (("reid-eval, fp32", "fp32"), ("reid-eval, bf16", "bf16"))
MIB = 1 << 20
GALLERY_ROWS_AT_ONCE = 1 << 16
Array = npt.NDArray[Any]
Data = dict[str, Any]  # the arguments of ``retrieval_metrics``


class Size(NamedTuple):
    """How many there are of what; ``mapped`` galleries stay on disk."""

    queries: int
    gallery: int
    identities: int
    cameras: int
    distractors: int
    mapped: bool = False


SIZES = {
    "market1501": Size(3_368, 19_732, 751, 6, 2_798),
    "msmt17": Size(11_659, 82_161, 3_060, 15, 0),
    "million": Size(1_000, 1_000_000, 20_000, 40, 100_000, mapped=True),
}


def make_features(folder: Path, size: Size, dim: int) -> None:
    """Made-up people: what is theirs, what is their camera's and noise, in a few directions.

    The amounts are such that mAP is about 0.8 at Market-1501's size, as of a trained network.
    """
    generator, directions = np.random.default_rng(0), 64
    basis = np.random.default_rng(1).standard_normal((directions, dim), dtype=np.float32)
    people = generator.standard_normal((size.identities + 1, directions), dtype=np.float32)
    views = generator.standard_normal((size.cameras + 1, directions), dtype=np.float32)

    def features(pids: Array, camids: Array) -> Array:
        noise = generator.standard_normal((len(pids), directions), dtype=np.float32)
        stranger = (pids == 0)[:, None] * generator.standard_normal(
            (len(pids), directions), dtype=np.float32
        )
        own = np.where(pids[:, None] > 0, people[pids], stranger)
        rows = (own + 0.5 * views[camids] + 0.76 * noise) @ basis
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)

    labels: Data = {}
    for side, count in (("query", size.queries), ("gallery", size.gallery)):
        labels[f"{side}_pids"] = generator.integers(1, size.identities + 1, count)
        labels[f"{side}_camids"] = generator.integers(1, size.cameras + 1, count)
    strangers = generator.choice(size.gallery, size.distractors, replace=False)
    labels["gallery_pids"][strangers] = 0
    np.savez(folder / "labels.npz", **labels)
    for side, count in (("query", size.queries), ("gallery", size.gallery)):
        path = folder / f"{side}.npy"
        file = np.lib.format.open_memmap(path, "w+", np.dtype(np.float32), (count, dim))
        for first in range(0, count, GALLERY_ROWS_AT_ONCE):
            rows = slice(first, first + GALLERY_ROWS_AT_ONCE)
            file[rows] = features(labels[f"{side}_pids"][rows], labels[f"{side}_camids"][rows])


def load(folder: Path, mapped: bool) -> Data:
    return {
        "query_features": np.load(folder / "query.npy"),
        "gallery_features": np.load(folder / "gallery.npy", mmap_mode="r" if mapped else None),
        **np.load(folder / "labels.npz"),
    }


def product(query: torch.Tensor, gallery: torch.Tensor, height: int, width: int) -> None:
    buffer = torch.empty(min(height, len(query)) * min(width, len(gallery)))
    for top in range(0, len(query), height):
        rows = query[top : top + height]
        for left in range(0, len(gallery), width):
            columns = gallery[left : left + width]
            out = buffer[: len(rows) * len(columns)].view(len(rows), len(columns))
            torch.mm(rows, columns.T, out=out)


def seconds(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def measure_time(data: Data, rounds: int, whole: bool) -> dict[str, Any]:
    query = torch.from_numpy(data["query_features"])
    gallery = torch.from_numpy(data["gallery_features"])
    blocks = block_sizes(None, None, queries=len(query), device=query.device)
    runs: dict[str, Callable[[], Any]] = {
        "product in blocks": lambda: product(query, gallery, *blocks),
        **{name: partial(retrieval_metrics, **data, precision=kind) for name, kind in OURS},
    }
    if whole:
        runs["product in one piece"] = lambda: product(query, gallery, len(query), len(gallery))
    for run in runs.values():  # compiled code, thread pools and pages are there before the clock
        run()
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(seconds(run))
    return {
        name: {
            "seconds": statistics.median(spent),
            **{
                f"over {base}": statistics.median(
                    one / other for one, other in zip(spent, times[base], strict=True)
                )
                for base in runs
                if base.startswith("product")
            },
        }
        for name, spent in times.items()
    }


def memory(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(field))


def measure_memory(folder: Path, mapped: bool, precision: Precision) -> None:
    """In a process of its own: peak above the features and the libraries, and the metrics."""
    data = load(folder, mapped)
    few = {name: array[:50] for name, array in data.items()}
    few |= {name: np.ones_like(few[name]) for name in few if name.endswith("pids")}
    bare = memory("RssAnon")
    retrieval_metrics(**few, backend="numba", camera_filter="none", junk_pids=())
    libraries = memory("RssAnon") - bare
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark starts anew
    resident, anonymous, most = memory("VmRSS"), memory("RssAnon"), 0
    done = threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(0.002):
            most = max(most, memory("RssAnon"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    report = retrieval_metrics(**data, precision=precision)
    done.set()
    watcher.join()
    # Pages of a memory map count as resident, though the system may drop them at any time.
    extra = most - anonymous if mapped else memory("VmHWM") - resident
    result = {"extra": extra, "libraries": libraries, **figures(report)}
    print(json.dumps(result))


def figures(report: RetrievalReport) -> dict[str, Any]:
    return {"mAP": report.mAP, "mINP": report.mINP, "cmc": report.cmc().tolist()}


def output(*command: str | Path) -> str:
    words = [str(word) for word in command]
    return subprocess.run(words, check=True, text=True, stdout=subprocess.PIPE).stdout.strip()


def measure_opponents(folder: Path, data: Data, ours: dict[str, Any]) -> dict[str, Any]:
    """Time, memory and metrics of each, and how far those are from ours."""
    results = {}
    for opponent in OPPONENTS:
        needs = (opponent.requirement, *opponent.imports)
        try:
            python = output(sys.executable, HERE / "opponents" / "install.py", *needs)
            theirs = json.loads(output(python, HERE / "opponents" / opponent.script, folder))
        except subprocess.CalledProcessError as error:
            sys.stderr.write(f"{opponent.title} is left out: {error}\n")
            continue
        theirs["difference"] = difference(theirs, ours)
        theirs["why"] = opponent.why
        if opponent.protocol:
            same = figures(retrieval_metrics(**data, **opponent.protocol))
            theirs["difference, its protocol"] = difference(theirs, same)
        distances = folder / "distances.npy"
        if distances.exists():
            labels = {name: value for name, value in data.items() if not name.endswith("features")}
            given = retrieval_metrics_from_distances(np.load(distances), **labels)
            theirs["difference, its distances"] = difference(theirs, figures(given))
            distances.unlink()
        results[opponent.title] = theirs
    return results


def difference(theirs: dict[str, Any], ours: dict[str, Any]) -> float:
    """The largest among mAP and the entries of the CMC curve that they have."""
    pairs = zip([theirs["mAP"], *theirs["cmc"]], [ours["mAP"], *ours["cmc"]], strict=False)
    return float(max(abs(a - b) for a, b in pairs))


def benchmark(folder: Path, name: str, size: Size, dim: int, options: argparse.Namespace) -> Any:
    make_features(folder, size, dim)
    mapped = ("--mapped",) if size.mapped else ()
    ours = {
        name: json.loads(
            output(sys.executable, __file__, "--memory", folder, "--as", kind, *mapped)
        )
        for name, kind in OURS
    }
    if len({(one["mAP"], one["mINP"], *one["cmc"]) for one in ours.values()}) > 1:
        raise SystemExit("the precisions do not give the same numbers")
    data = load(folder, size.mapped)
    result = {
        "size": name,
        "queries": size.queries,
        "gallery": size.gallery,
        "dim": dim,
        "ours": ours,
        "time": measure_time(data, options.rounds, whole=not size.mapped),
    }
    if options.opponents and name == "market1501":
        result["opponents"] = measure_opponents(folder, data, ours[OURS[0][0]])
    return result


def show(results: list[dict[str, Any]]) -> None:
    table = Table(title="Evaluation: features in, mAP, CMC and mINP out", title_justify="left")
    for column in ("", "size", "seconds", "/ product", "/ one piece", "extra MiB", "mAP", "Rank-1"):
        table.add_column(column, justify="left" if column in ("", "size") else "right")
    for result in results:
        size = f"{result['queries']:,} x {result['gallery']:,} x {result['dim']:,}"
        base = result["time"]["product in blocks"]["seconds"]
        whole = result["time"].get("product in one piece", {}).get("seconds")
        for name, spent in result["time"].items():
            cells = [f"{spent['seconds']:.2f}", f"{spent['over product in blocks']:.2f}"]
            ratio = spent.get("over product in one piece")
            cells.append(f"{ratio:.2f}" if ratio else "")
            if ours := result["ours"].get(name):
                cells += [
                    f"{ours['extra'] / MIB:.0f}",
                    f"{ours['mAP']:.6f}",
                    f"{ours['cmc'][0]:.4f}",
                ]
            table.add_row(name, size, *cells)
        for title, theirs in result.get("opponents", {}).items():
            table.add_row(
                title,
                size,
                f"{theirs['wall']:.2f}",
                f"{theirs['wall'] / base:.1f}",
                f"{theirs['wall'] / whole:.1f}" if whole else "",
                f"{theirs['extra'] / MIB:.0f}",
                f"{theirs['mAP']:.6f}",
                f"{theirs['cmc'][0]:.4f}",
            )
        table.add_section()
    console = Console(width=None if sys.stdout.isatty() else 132)
    console.print(table)
    for result in results:
        libraries = result["ours"][OURS[0][0]]["libraries"] / MIB
        console.print(
            f"{result['size']}, {result['dim']}-d: compiled code takes {libraries:.0f} MiB"
        )
        for title, theirs in result.get("opponents", {}).items():
            kinds = ("difference", "difference, its protocol", "difference, its distances")
            gaps = ", ".join(f"{kind} {theirs[kind]:.1e}" for kind in kinds if kind in theirs)
            console.print(f"  {title}: {gaps} (mAP, CMC); {theirs['why']}")


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["market1501"])
    parser.add_argument("--dims", nargs="+", type=int, default=[2048, 512])
    parser.add_argument("--no-opponents", dest="opponents", action="store_false")
    parser.add_argument("--memory", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--as", dest="precision", default="fp32", help=argparse.SUPPRESS)
    parser.add_argument("--mapped", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory:
        measure_memory(options.memory, options.mapped, options.precision)
        return
    results = []
    for name in options.sizes:
        full = SIZES[name]
        scaled = full._replace(
            **{
                field: max(1, round(getattr(full, field) * options.scale))
                for field in ("queries", "gallery", "identities", "distractors")
            }
        )
        for dim in options.dims:
            with tempfile.TemporaryDirectory() as folder:
                results.append(benchmark(Path(folder), name, scaled, dim, options))
    show(results)
    versions = machine("torch", "numpy", "numba")
    instructions = torch.backends.cpu.get_cpu_capability()
    about = {**versions, "instructions": instructions, "threads": torch.get_num_threads()}
    save(options.out, {"machine": about, "scale": options.scale, "results": results})


if __name__ == "__main__":
    main()
