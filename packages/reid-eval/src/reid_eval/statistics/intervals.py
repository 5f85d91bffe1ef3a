"""How sure mAP, CMC and mINP are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reid_eval.metrics import RetrievalReport
from reid_eval.statistics.bootstrap import Interval, IntervalMethod, bootstrap_intervals

__all__ = ["confidence_intervals", "per_query"]


def per_query(
    report: RetrievalReport, *, ranks: Sequence[int] = (1, 5, 10)
) -> dict[str, NDArray[np.float64]]:
    """What each evaluated query contributes to a figure: E values whose mean is the figure.

    Args:
        report: of Q queries, E of them evaluated.
        ranks: the k of Rank-k.

    Raises:
        ValueError: a rank is below 1.
    """
    if any(rank < 1 for rank in ranks):
        raise ValueError(f"ranks count from 1, got {list(ranks)}")
    kept = report.evaluated
    hits = {f"Rank-{k}": (report.first_hit_rank[kept] <= k).astype(np.float64) for k in ranks}
    return {
        "mAP": report.average_precision[kept],
        **hits,
        "mINP": report.inverse_negative_penalty[kept],
    }


def confidence_intervals(
    report: RetrievalReport,
    pids: ArrayLike,
    *,
    ranks: Sequence[int] = (1, 5, 10),
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
    method: IntervalMethod = "bca",
) -> dict[str, Interval]:
    """Confidence intervals of a report's figures, by bootstrap over identities.

    Skipped queries take no part. The figures are those of the report: means over queries.

    Args:
        report: of Q queries.
        pids: whose query each is (Q,).
        ranks: the k of Rank-k.
        confidence: share of such intervals that hold the true figure.
        resamples: how many times people are drawn.
        seed: which draws.
        method: see [`bootstrap_intervals`][reid_eval.statistics.bootstrap.bootstrap_intervals].

    Returns:
        An interval for ``mAP``, each ``Rank-k`` and ``mINP``.

    Raises:
        ValueError: another number of pids than of queries, or the evaluated queries are those of
            one identity.

    Examples:
        >>> from reid_eval import retrieval_metrics
        >>> rows = np.array([[1.0, 0.0], [0.2, 1.0], [0.0, 1.0]])
        >>> report = retrieval_metrics(rows, rows[::-1], [1, 2, 3], [2, 1, 3])
        >>> sorted(confidence_intervals(report, [1, 2, 3], ranks=(1,)))
        ['Rank-1', 'mAP', 'mINP']
    """
    owners = np.asarray(pids)
    if len(owners) != len(report.skip_reason):
        raise ValueError(f"{len(owners)} pids for a report of {len(report.skip_reason)} queries")
    values = per_query(report, ranks=ranks)
    intervals = bootstrap_intervals(
        np.stack(list(values.values()), axis=1),
        owners[report.evaluated],
        confidence=confidence,
        resamples=resamples,
        seed=seed,
        method=method,
    )
    return dict(zip(values, intervals, strict=True))
