"""torchreid's re-ranking of saved features or distances; run by ../reranking.py.

Its two files are loaded by themselves: the package as a whole needs much that is beside the point.
"""

from __future__ import annotations

import importlib.util
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch


def load(name: str) -> Any:
    package = importlib.util.find_spec("torchreid")
    if package is None or package.submodule_search_locations is None:
        raise SystemExit("torchreid is not installed here")
    path = Path(package.submodule_search_locations[0], "reid", name)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is no module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(kind: str, folder: Path, out: Path) -> None:
    rerank, distance = load("utils/rerank.py"), load("metrics/distance.py")
    if kind == "given":
        matrices = [np.load(folder / f"{name}.npy") for name in ("qg", "qq", "gg")]
        np.save(out, rerank.re_ranking(*matrices))
        return
    query, gallery = (torch.from_numpy(np.load(folder / f"{name}.npy")) for name in ("q", "g"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    matrices = [
        distance.compute_distance_matrix(a, b).numpy()
        for a, b in ((query, gallery), (query, query), (gallery, gallery))
    ]
    result = rerank.re_ranking(*matrices)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    np.save(out, result)
    print(json.dumps({"wall": wall, "cpu": cpu, "peak": peak * 1024, "before": before * 1024}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
