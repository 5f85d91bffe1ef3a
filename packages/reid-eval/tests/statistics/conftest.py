"""Reports made up from figures, and the embeddings of simulated people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike

from reid_eval.metrics import RetrievalReport
from reid_eval.statistics import QueryResults

MakeResults = Callable[..., QueryResults]

PROTOCOL = {
    "metric": "cosine",
    "camera_filter": "cross-camera",
    "junk_pids": [-1],
    "average_precision": "mean",
    "ties": "gallery-order",
    "gallery_size": 100,
}


@pytest.fixture
def results() -> MakeResults:
    """``results(average_precision, pids, paths=None, **protocol)``; NaN is a skipped query."""

    def build(
        average_precision: ArrayLike,
        pids: Sequence[int],
        paths: Sequence[str] | None = None,
        **protocol: object,
    ) -> QueryResults:
        values = np.asarray(average_precision, np.float64)
        skipped = np.isnan(values)
        report = RetrievalReport(
            average_precision=values,
            first_hit_rank=np.where(skipped, 0, np.where(values > 0.5, 1, 7)),
            inverse_negative_penalty=values / 2,
            matches=np.where(skipped, 0, 3),
            skip_reason=np.where(skipped, "no identity in gallery", ""),
            protocol={**PROTOCOL, **protocol},
        )
        names = paths or [f"{row:03d}.jpg" for row in range(len(values))]
        return QueryResults(report, np.asarray(names), np.asarray(pids, np.int64), Path("pictures"))

    return build
