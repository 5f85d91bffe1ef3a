"""pytorch-metric-learning's evaluation of saved features; run by ../evaluation.py.

    python pml_evaluation.py FOLDER

It knows no cameras, and a comparison of labels of one's own decides only what is a match, not what
is left out: images of the query's own camera stay in.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from pytorch_metric_learning.distances import CosineSimilarity
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN
from saved import load, measure
from torch import Tensor


def evaluate(data: dict[str, Tensor]) -> dict[str, Any]:
    calculator = AccuracyCalculator(
        include=("mean_average_precision", "precision_at_1"),
        device=torch.device("cpu"),
        knn_func=CustomKNN(CosineSimilarity()),
        kmeans_func=lambda *_: None,
    )
    found = calculator.get_accuracy(
        data["query"], data["query_pids"], data["gallery"], data["gallery_pids"]
    )
    return {"mAP": found["mean_average_precision"], "cmc": [found["precision_at_1"]]}


if __name__ == "__main__":
    given = load(Path(sys.argv[1]))
    measure(lambda: evaluate(given))
