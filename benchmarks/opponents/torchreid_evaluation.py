"""torchreid's evaluation of saved features; run by ../evaluation.py.

    python torchreid_evaluation.py FOLDER

writes distances.npy into the folder. The two files of torchreid are loaded by themselves: the
package as a whole needs much that is beside the point. Its release on the package index holds no
compiled evaluator, so this is its Python one.
"""

from __future__ import annotations

import importlib.util
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from saved import load, measure
from torch import Tensor


def load_module(name: str) -> Any:
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


def evaluate(data: dict[str, Tensor], folder: Path) -> dict[str, Any]:
    distance, rank = load_module("distance.py"), load_module("rank.py")
    labels = [
        data[f"{side}_{what}"].numpy()
        for what in ("pids", "camids")
        for side in ("query", "gallery")
    ]
    matrix = distance.compute_distance_matrix(data["query"], data["gallery"], "cosine").numpy()
    cmc, mean_ap = rank.evaluate_rank(matrix, *labels)
    np.save(folder / "distances.npy", matrix)
    return {"mAP": float(mean_ap), "cmc": [float(value) for value in cmc]}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    given = load(Path(sys.argv[1]))
    measure(lambda: evaluate(given, Path(sys.argv[1])))
