"""open-metric-learning's evaluation of saved features; run by ../evaluation.py.

    python oml_evaluation.py FOLDER

Identity and camera together are passed as its sequence, whose other images it leaves out of a
query's gallery: the cross-camera protocol. The whole gallery is retrieved, since its mAP@k for a
shorter list is another number.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from oml.functional.knn import batched_knn_qg
from oml.functional.metrics import calc_retrieval_metrics
from saved import load, measure
from torch import Tensor
from torch.nn import functional as F


def evaluate(data: dict[str, Tensor]) -> dict[str, Any]:
    cameras = 1 + int(max(data["query_camids"].max(), data["gallery_camids"].max()))
    sequences = {
        f"sequence_ids_{side}": data[f"{side}_pids"] * cameras + data[f"{side}_camids"]
        for side in ("query", "gallery")
    }
    size = len(data["gallery"])
    _, retrieved, relevant = batched_knn_qg(
        F.normalize(data["query"]),
        F.normalize(data["gallery"]),
        top_n=size,
        labels_query=data["query_pids"],
        labels_gallery=data["gallery_pids"],
        **sequences,
    )
    found = calc_retrieval_metrics(
        retrieved, relevant, cmc_top_k=(1,), precision_top_k=(), map_top_k=(size,), verbose=False
    )
    return {"mAP": float(found["map"][size]), "cmc": [float(found["cmc"][1])]}


if __name__ == "__main__":
    given = load(Path(sys.argv[1]))
    measure(lambda: evaluate(given))
