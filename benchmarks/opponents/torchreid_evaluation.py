"""torchreid's evaluation of saved features; run by ../evaluation.py.

    python torchreid_evaluation.py FOLDER

reads query.npy, gallery.npy and labels.npz from the folder, writes distances.npy there, and prints
time, memory and metrics as JSON. The two files of torchreid are loaded by themselves: the package
as a whole needs much that is beside the point. Its release on the package index holds no compiled
evaluator, so this is its Python one.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch


def load(name: str) -> Any:
    package = importlib.util.find_spec("torchreid")
    if package is None or package.submodule_search_locations is None:
        raise SystemExit("torchreid is not installed here")
    path = Path(package.submodule_search_locations[0], "reid", "metrics", name)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is no module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def memory(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(field))


def main(folder: Path) -> None:
    warnings.simplefilter("ignore")
    distance, rank = load("distance.py"), load("rank.py")
    query, gallery = (torch.from_numpy(np.load(folder / f"{n}.npy")) for n in ("query", "gallery"))
    labels = np.load(folder / "labels.npz")
    cameras = [
        labels[f"{side}_{what}"] for what in ("pids", "camids") for side in ("query", "gallery")
    ]
    before = memory("VmRSS")
    start = time.perf_counter()
    matrix = distance.compute_distance_matrix(query, gallery, "cosine").numpy()
    product = time.perf_counter() - start
    cmc, mean_ap = rank.evaluate_rank(matrix, *cameras)
    wall = time.perf_counter() - start
    extra = memory("VmHWM") - before
    np.save(folder / "distances.npy", matrix)
    result = {"wall": wall, "product": product, "extra": extra, "mAP": float(mean_ap)}
    print(json.dumps({**result, "cmc": [float(value) for value in cmc]}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
