"""The metrics, on embeddings that carry their own ids."""

from __future__ import annotations

from collections.abc import Collection

import torch

from reid_eval.embedders import resolve_device
from reid_eval.embeddings import Embeddings, check_comparable
from reid_eval.metrics import (
    AveragePrecision,
    CameraFilter,
    Metric,
    RetrievalReport,
    Ties,
    retrieval_metrics,
)

__all__ = ["evaluate"]


def evaluate(
    query: Embeddings,
    gallery: Embeddings,
    *,
    metric: Metric = "cosine",
    camera_filter: CameraFilter = "cross-camera",
    junk_pids: Collection[int] = (-1,),
    average_precision: AveragePrecision = "mean",
    ties: Ties = "gallery-order",
    device: str | torch.device = "cpu",
) -> RetrievalReport:
    """Measure how well the gallery images of each query's identity are found.

    The protocol's options, and what they mean, are those of
    [`retrieval_metrics`][reid_eval.metrics.retrieval_metrics].

    Args:
        query: Q embeddings.
        gallery: G embeddings of the same model.
        metric: ``"cosine"`` or ``"euclidean"``.
        camera_filter: ``"cross-camera"`` or ``"none"``; unknown cameras are never left out.
        junk_pids: identities that do not count.
        average_precision: ``"mean"`` or ``"trapezoid"``.
        ties: who comes first among equal scores.
        device: where to compute; ``"auto"`` is the GPU if there is one.

    Raises:
        ValueError: the two sides come from different models or were made in different ways, or no
            query has a match.

    Examples:
        >>> import numpy as np, pandas as pd
        >>> from pathlib import Path
        >>> table = pd.DataFrame({"path": ["a", "b"], "pid": [1, 2], "camid": [None, None]})
        >>> people = Embeddings(np.eye(2, dtype=np.float32), table, Path("people"))
        >>> evaluate(people, people).mAP
        1.0
    """
    check_comparable(query, gallery)
    return retrieval_metrics(
        query.features,
        gallery.features,
        query.pids,
        gallery.pids,
        query_camids=query.camids,
        gallery_camids=gallery.camids,
        metric=metric,
        camera_filter=camera_filter,
        junk_pids=junk_pids,
        average_precision=average_precision,
        ties=ties,
        device=resolve_device(device),
    )
