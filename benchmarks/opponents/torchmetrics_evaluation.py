"""torchmetrics' average precision of saved features; run by ../evaluation.py.

    python torchmetrics_evaluation.py FOLDER

reads query.npy, gallery.npy and labels.npz from the folder and prints time, memory and metrics as
JSON. torchmetrics knows no cameras, so each query's gallery is filtered before it, as its users do;
it ignores matches whose score is not positive, so cosines are shifted to (0, 1].
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F
from torchmetrics.functional.retrieval import retrieval_average_precision, retrieval_hit_rate


def memory(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(field))


def main(folder: Path) -> None:
    query, gallery = (torch.from_numpy(np.load(folder / f"{n}.npy")) for n in ("query", "gallery"))
    labels = {
        name: torch.from_numpy(array) for name, array in np.load(folder / "labels.npz").items()
    }
    before = memory("VmRSS")
    start = time.perf_counter()
    scores = (F.normalize(query) @ F.normalize(gallery).T).add_(1).div_(2)
    precisions, hits = [], []
    for row, pid, camid in zip(scores, labels["query_pids"], labels["query_camids"], strict=True):
        match = labels["gallery_pids"] == pid
        kept = ~(match & (labels["gallery_camids"] == camid))
        if match[kept].any():
            precisions.append(retrieval_average_precision(row[kept], match[kept]).double())
            hits.append(retrieval_hit_rate(row[kept], match[kept], top_k=1).double())
    result = {
        "mAP": float(torch.stack(precisions).mean()),
        "cmc": [float(torch.stack(hits).mean())],
        "wall": time.perf_counter() - start,
        "extra": memory("VmHWM") - before,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
