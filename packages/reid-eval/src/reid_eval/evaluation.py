"""The metrics, on embeddings that carry their own ids, by any protocol."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from reid_eval.embedders import resolve_device
from reid_eval.embeddings import Embeddings, check_comparable, check_distinct
from reid_eval.metrics import (
    AveragePrecision,
    CameraFilter,
    Metric,
    NoMatchError,
    RetrievalReport,
    Ties,
    retrieval_metrics,
)
from reid_eval.protocols import Comparison, RetrievalProtocol
from reid_eval.scoring import Scoring

__all__ = ["RANKS", "ProtocolResult", "Trial", "evaluate", "evaluate_protocol"]

RANKS = (1, 5, 10, 20, 50)
"""The k of the Rank-k that papers print."""


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
    [`retrieval_metrics`][reid_eval.metrics.retrieval_metrics]; for other protocols than image
    against image see [`evaluate_protocol`][reid_eval.evaluation.evaluate_protocol].

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
        ValueError: the two sides come from different models or were made in different ways, an
            image is there twice, or no query has a match.

    Examples:
        >>> import numpy as np, pandas as pd
        >>> from pathlib import Path
        >>> table = pd.DataFrame({"path": ["a", "b"], "pid": [1, 2], "camid": [None, None]})
        >>> people = Embeddings(np.eye(2, dtype=np.float32), table, Path("people"))
        >>> evaluate(people, people).mAP
        1.0
    """
    check_comparable(query, gallery)
    check_distinct(query, "query")
    check_distinct(gallery, "gallery")
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


@dataclass(frozen=True, eq=False)
class Trial:
    """One repetition of a protocol.

    Attributes:
        report: on all its queries.
        queries: Q rows, the table of these queries in the order of the report.
    """

    report: RetrievalReport
    queries: pd.DataFrame


@dataclass(frozen=True, eq=False)
class ProtocolResult:
    """What a protocol measured.

    Attributes:
        protocol: the protocol.
        trials: one, or as many as the protocol repeats.
        first: the first comparison, for pictures.
    """

    protocol: RetrievalProtocol
    trials: Sequence[Trial]
    first: Comparison

    @property
    def name(self) -> str:
        """The protocol's name."""
        return self.protocol.name

    @property
    def report(self) -> RetrievalReport:
        """The report of the first trial."""
        return self.trials[0].report

    def summary(self, ranks: Sequence[int] = RANKS) -> list[dict[str, Any]]:
        """One row a metric: its mean over the trials and, of several, its standard deviation.

        Args:
            ranks: the k of the Rank-k to include.

        Returns:
            Rows with ``metric``, ``value`` (a fraction) and ``deviation`` (of a sample, n - 1;
            None for one trial).
        """
        reports = [trial.report for trial in self.trials]
        values: dict[str, list[float]] = {
            "mAP": [report.mAP for report in reports],
            **{f"Rank-{k}": [report.rank(k) for report in reports] for k in ranks},
            "mINP": [report.mINP for report in reports],
        }
        return [
            {
                "metric": name,
                "value": float(np.mean(each)),
                "deviation": float(np.std(each, ddof=1)) if len(each) > 1 else None,
            }
            for name, each in values.items()
        ]

    def to_dict(self, ranks: Sequence[int] = RANKS) -> dict[str, Any]:
        """Everything as plain Python values, with the report of every trial."""
        return {
            "name": self.name,
            "protocol": repr(self.protocol),
            "summary": self.summary(ranks),
            "trials": [trial.report.to_dict() for trial in self.trials],
        }


def evaluate_protocol(
    query: Embeddings,
    gallery: Embeddings,
    protocol: RetrievalProtocol,
    *,
    scoring: Scoring | None = None,
) -> ProtocolResult:
    """Measure by a protocol.

    Args:
        query: Q embeddings.
        gallery: G embeddings of the same model. Protocols that divide the test images by
            themselves take both sides together.
        protocol: see `reid_eval.protocols`; ``make_protocol(name)`` gives one.
        scoring: what ranks, and the conventions of the metrics; cosine similarity unless told.

    Raises:
        ValueError: the two sides cannot be compared, the protocol means nothing on them, or no
            query has a match.

    Examples:
        >>> from pathlib import Path
        >>> from reid_eval.protocols import make_protocol
        >>> table = pd.DataFrame({"path": ["a", "b"], "pid": [1, 2], "camid": [None, None]})
        >>> people = Embeddings(np.eye(2, dtype=np.float32), table, Path("people"))
        >>> evaluate_protocol(people, people, make_protocol("centroid")).report.mAP
        1.0
    """
    check_comparable(query, gallery)
    check_distinct(query, "query")
    check_distinct(gallery, "gallery")
    protocol.check(query.table, gallery.table)
    how = scoring or Scoring()
    parts: dict[int, list[_Part]] = {}
    first: Comparison | None = None
    for comparison in protocol.comparisons(query, gallery):
        first = first or comparison
        parts.setdefault(comparison.trial, []).append(_measure(comparison, how))
    if first is None:
        raise ValueError(f"protocol {protocol.name} has nothing to compare")
    trials = [_trial(of_trial) for _, of_trial in sorted(parts.items())]
    return ProtocolResult(protocol, trials, first)


@dataclass(frozen=True, eq=False)
class _Part:
    report: RetrievalReport
    rows: NDArray[np.int64] | None
    table: pd.DataFrame
    error: NoMatchError | None = None


def _measure(comparison: Comparison, how: Scoring) -> _Part:
    table = comparison.query.table
    try:
        return _Part(how.report(comparison), comparison.rows, table)
    except NoMatchError as error:
        if comparison.rows is None:
            raise
        return _Part(_nothing_found(error), comparison.rows, table, error)


def _nothing_found(error: NoMatchError) -> RetrievalReport:
    """The report of queries that are all skipped."""
    size = len(error.skip_reason)
    nothing, zero = np.full(size, np.nan), np.zeros(size, np.int64)
    return RetrievalReport(nothing, zero, nothing, zero, error.skip_reason)


def _trial(parts: Sequence[_Part]) -> Trial:
    """All comparisons of a trial as one report, its queries in their own order."""
    if len(parts) == 1 and parts[0].error is None:
        return Trial(parts[0].report, parts[0].table)
    errors = [part.error for part in parts if part.error is not None]
    measured = [part.report for part in parts if part.error is None]
    if not measured:
        raise errors[0]
    order = np.argsort(np.concatenate([part.rows for part in parts if part.rows is not None]))
    reports = [part.report for part in parts]

    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(report, name) for report in reports])[order]

    sizes = [report.protocol["gallery_size"] for report in measured]
    report = RetrievalReport(
        average_precision=joined("average_precision"),
        first_hit_rank=joined("first_hit_rank"),
        inverse_negative_penalty=joined("inverse_negative_penalty"),
        matches=joined("matches"),
        skip_reason=joined("skip_reason"),
        protocol={**measured[0].protocol, "gallery_size": max(sizes)},
    )
    tables = pd.concat([part.table for part in parts], ignore_index=True)
    return Trial(report, tables.iloc[order].reset_index(drop=True))
