"""torchmetrics' average precision of saved features; run by ../evaluation.py.

    python torchmetrics_evaluation.py FOLDER

torchmetrics knows no cameras, so each query's gallery is filtered before it, as its users do; it
ignores matches whose score is not positive, so cosines are shifted to (0, 1].
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from saved import load, measure
from torch import Tensor
from torch.nn import functional as F
from torchmetrics.functional.retrieval import retrieval_average_precision, retrieval_hit_rate


def evaluate(data: dict[str, Tensor]) -> dict[str, Any]:
    scores = (F.normalize(data["query"]) @ F.normalize(data["gallery"]).T).add_(1).div_(2)
    precisions, hits = [], []
    for row, pid, camid in zip(scores, data["query_pids"], data["query_camids"], strict=True):
        match = data["gallery_pids"] == pid
        kept = ~(match & (data["gallery_camids"] == camid))
        if match[kept].any():
            precisions.append(retrieval_average_precision(row[kept], match[kept]).double())
            hits.append(retrieval_hit_rate(row[kept], match[kept], top_k=1).double())
    return {"mAP": float(torch.stack(precisions).mean()), "cmc": [float(torch.stack(hits).mean())]}


if __name__ == "__main__":
    given = load(Path(sys.argv[1]))
    measure(lambda: evaluate(given))
