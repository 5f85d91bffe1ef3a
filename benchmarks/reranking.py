"""k-reciprocal re-ranking at Market-1501 size: CPU time, peak memory and agreement.

    python benchmarks/reranking.py [--scale 0.25] [--rounds 1] [--out FILE.json]

Every run is a process of its own, ours and torchreid's in turn, on the same features: 3,368
queries and 19,732 gallery items of 2,048 dimensions at scale 1. torchreid runs the original code;
it needs 12.5 GiB there and is left out where that is not free.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import SUPPRESS
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _report import arguments, machine, save, show

HERE = Path(__file__).resolve().parent
OPPONENT = "torchreid==0.2.5"
GIB = 1 << 30


def make_features(folder: Path, scale: float) -> int:
    """Save features of made-up people, L2-normalised; returns how many."""
    generator = np.random.default_rng(0)
    queries, gallery, people = (max(2, round(scale * n)) for n in (3368, 19732, 751))
    centers = generator.standard_normal((people, 2048), dtype=np.float32)
    for name, count in (("q", queries), ("g", gallery)):
        # In order of the people, as a data set's files are.
        pids = np.sort(generator.integers(people, size=count))
        features = 1.3 * generator.standard_normal((count, 2048), dtype=np.float32) + centers[pids]
        np.save(folder / name, features / np.linalg.norm(features, axis=1, keepdims=True))
    return queries + gallery


def rerank(folder: Path) -> None:
    """Our side, in a process of its own."""
    from reid_eval.rerank import KReciprocal

    run = KReciprocal()
    query, gallery = (torch.from_numpy(np.load(folder / f"{name}.npy")) for name in ("q", "g"))
    # Large enough for every kernel to be compiled or read from its cache.
    run(torch.randn(200, 16), torch.randn(1500, 16))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    result = run(query, gallery, metric="euclidean")
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    np.save(folder / "reid-eval.npy", result.numpy())
    print(json.dumps({"wall": wall, "cpu": cpu, "peak": peak * 1024, "before": before * 1024}))


def bare_product(folder: Path) -> None:
    """CPU seconds of all distances' product alone, a measure of the machine and its load."""
    features = torch.from_numpy(np.concatenate([np.load(folder / f"{n}.npy") for n in "qg"]))
    wall, cpu = time.perf_counter(), time.process_time()
    for first in range(0, len(features), 1024):
        features[first : first + 1024] @ features.T
    print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}))


def measure(*command: str | Path) -> dict[str, float]:
    done = subprocess.run(
        [str(word) for word in command], check=True, text=True, stdout=subprocess.PIPE
    )
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def compare_given(python: str, folder: Path) -> str:
    """Both sides on one distance matrix, not symmetric, of 1,500 items: entries that differ."""
    from reid_eval.rerank import k_reciprocal_from_distances

    generator = np.random.default_rng(1)
    features = torch.from_numpy(np.load(folder / "g.npy")[:1500])
    whole = torch.cdist(features, features).numpy()
    whole *= 1 + 0.02 * generator.random(whole.shape, dtype=np.float32)
    parts = {"qg": whole[:200, 200:], "qq": whole[:200, :200], "gg": whole[200:, 200:]}
    for name, matrix in parts.items():
        np.save(folder / name, matrix)
    out = folder / "given.npy"
    script = HERE / "opponents" / "torchreid_reranking.py"
    subprocess.run([python, str(script), "given", str(folder), str(out)], check=True)
    ours = k_reciprocal_from_distances(*parts.values()).numpy()
    theirs = np.load(out)
    return f"{(ours != theirs).sum():,} of {theirs.size:,} entries differ in any bit"


def reordered(python: str, script: Path, folder: Path) -> np.ndarray[Any, Any]:
    """What torchreid finds on the same features with their dimensions in another order.

    The distances are the same but for the last bits of their sums: what this changes is what the
    order of float32 additions decides, in the original code itself.
    """
    order = np.random.default_rng(2).permutation(2048)
    again = folder / "reordered"
    again.mkdir()
    for name in "qg":
        np.save(again / name, np.ascontiguousarray(np.load(folder / f"{name}.npy")[:, order]))
    measure(python, script, "features", again, again / "torchreid.npy")
    return np.asarray(np.load(again / "torchreid.npy"))


def available_memory() -> int:
    lines = Path("/proc/meminfo").read_text().splitlines()
    fields = dict(line.split(":") for line in lines)
    return int(fields["MemAvailable"].split()[0]) << 10


def rows(runs: dict[str, list[dict[str, float]]]) -> list[dict[str, Any]]:
    """The table: medians of times, the largest memory."""
    base = statistics.median(run["cpu"] for run in runs["bare product"])
    table = []
    for name, measured in runs.items():
        cpu, wall = (statistics.median(run[key] for run in measured) for key in ("cpu", "wall"))
        peak = max(run["peak"] for run in measured) / GIB if "peak" in measured[0] else ""
        before = min(run["before"] for run in measured) / GIB if peak else ""
        times = {"CPU s": cpu, "/ product": cpu / base, "wall s": wall}
        table.append({"": name, **times, "peak GiB": peak, "of it loaded": before})
    return table


def report(folder: Path, scale: float, rounds: int, out: Path | None) -> None:
    size = make_features(folder, scale)
    installer = HERE / "opponents" / "install.py"
    python = subprocess.run(
        [sys.executable, str(installer), OPPONENT], check=True, text=True, stdout=subprocess.PIPE
    ).stdout.strip()
    script = HERE / "opponents" / "torchreid_reranking.py"
    enough = available_memory() > 13.5 * GIB * scale**2 + GIB
    runs: dict[str, list[dict[str, float]]] = {"bare product": [], "reid-eval": []}
    if enough:
        runs["torchreid"] = []
    for _ in range(rounds):
        for name in ("bare product", "reid-eval"):
            runs[name].append(measure(sys.executable, __file__, "--run", name, "--folder", folder))
        if enough:
            theirs = folder / "torchreid.npy"
            runs["torchreid"].append(measure(python, script, "features", folder, theirs))
    for name in ("bare product", "reid-eval"):  # once more: the opponent stands in between
        runs[name].append(measure(sys.executable, __file__, "--run", name, "--folder", folder))
    table = rows(runs)
    threads = torch.get_num_threads()
    show(f"k-reciprocal re-ranking, {size:,} x 2,048, {threads} threads", table)
    result: dict[str, Any] = {"scale": scale, "size": size, "threads": threads, "runs": table}
    if enough:
        result["CPU time of torchreid over ours"] = table[2]["CPU s"] / table[1]["CPU s"]
        ours = np.load(folder / "reid-eval.npy")
        theirs = np.load(folder / "torchreid.npy")
        result["the same features"] = agreement(ours, theirs)
        result["torchreid, dimensions in another order"] = agreement(
            reordered(python, script, folder), theirs
        )
        result["the same distance matrix"] = compare_given(python, folder)
    else:
        result["torchreid"] = f"left out: needs {13.5 * scale**2 + 1:.1f} GiB of free memory"
    for what, found in list(result.items())[4:]:
        print(f"{what}: {found}")
    save(out, {"machine": machine("torch", "numpy", "scipy", "numba"), **result})


def agreement(ours: np.ndarray[Any, Any], theirs: np.ndarray[Any, Any]) -> str:
    first = (ours.argmin(1) == theirs.argmin(1)).mean()
    return (
        f"largest difference {np.abs(ours - theirs).max():.1e}, "
        f"{(np.abs(ours - theirs) > 5e-7).sum():,} of {ours.size:,} entries beyond 5e-7, "
        f"{first:.2%} of the queries with the same first match"
    )


def main() -> None:
    parser = arguments(__doc__)
    parser.set_defaults(rounds=1)
    parser.add_argument("--run", choices=("bare product", "reid-eval"), help=SUPPRESS)
    parser.add_argument("--folder", type=Path, help=SUPPRESS)
    chosen = parser.parse_args()
    if chosen.run:
        {"bare product": bare_product, "reid-eval": rerank}[chosen.run](chosen.folder)
        return
    with tempfile.TemporaryDirectory() as folder:
        report(Path(folder), chosen.scale, chosen.rounds, chosen.out)


if __name__ == "__main__":
    main()
