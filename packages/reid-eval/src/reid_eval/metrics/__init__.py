"""Exact retrieval metrics on anyone's features: mAP, CMC, mINP, per query and in the mean."""

from reid_eval.metrics.distances import (
    retrieval_metrics_from_blocks,
    retrieval_metrics_from_distances,
)
from reid_eval.metrics.matching import LeftOut, NoMatchError
from reid_eval.metrics.options import (
    AveragePrecision,
    Backend,
    CameraFilter,
    Metric,
    Precision,
    Ties,
)
from reid_eval.metrics.report import RetrievalReport
from reid_eval.metrics.retrieval import retrieval_metrics

__all__ = [
    "AveragePrecision",
    "Backend",
    "CameraFilter",
    "LeftOut",
    "Metric",
    "NoMatchError",
    "Precision",
    "RetrievalReport",
    "Ties",
    "retrieval_metrics",
    "retrieval_metrics_from_blocks",
    "retrieval_metrics_from_distances",
]
