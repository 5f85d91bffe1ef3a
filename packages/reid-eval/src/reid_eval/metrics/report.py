"""The result of an evaluation: arrays per query, and the figures that papers print."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reid_eval.metrics.matching import EVALUATED, Matching
from reid_eval.metrics.options import AveragePrecision
from reid_eval.metrics.ranks import (
    MatchRanks,
    average_precision,
    first_hit_rank,
    inverse_negative_penalty,
)

__all__ = ["RetrievalReport", "describe", "report_from_ranks"]

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RetrievalReport:
    """Retrieval metrics of every query, and their means.

    Queries without a match are skipped, not counted as zero; `skipped` says how many and
    why.

    Attributes:
        average_precision: ``(Q,)`` float64 in [0, 1], NaN for a skipped query.
        first_hit_rank: ``(Q,)`` int64 rank of the best match from 1, 0 for a skipped query.
        inverse_negative_penalty: ``(Q,)`` float64 in [0, 1], NaN for a skipped query.
        matches: ``(Q,)`` int64 number of gallery items each query should find.
        skip_reason: ``(Q,)`` empty for an evaluated query, else ``"camera filter"`` (its identity
            is in the gallery, but only in images of its own camera), ``"no identity in gallery"``
            or ``"junk query"``.
        protocol: the options that define these numbers, and the size of the gallery.
        ranks: the rank of every match of every evaluated query, where they were kept; not saved.
    """

    average_precision: _Floats
    first_hit_rank: _Ints
    inverse_negative_penalty: _Floats
    matches: _Ints
    skip_reason: npt.NDArray[np.str_]
    protocol: Mapping[str, Any] = field(default_factory=dict)
    ranks: MatchRanks | None = None

    def __repr__(self) -> str:
        means = f"mAP={self.mAP:.4f}, Rank-1={self.rank(1):.4f}, mINP={self.mINP:.4f}"
        skipped = sum(self.skipped.values())
        return f"RetrievalReport({means}, queries={self.valid}, skipped={skipped})"

    @property
    def evaluated(self) -> npt.NDArray[np.bool_]:
        """``(Q,)`` true for queries that have a match."""
        return np.asarray(self.skip_reason == EVALUATED)

    @property
    def valid(self) -> int:
        """The number of evaluated queries."""
        return int(self.evaluated.sum())

    @property
    def skipped(self) -> dict[str, int]:
        """How many queries were skipped, by reason; empty when all were evaluated."""
        reasons, counts = np.unique(self.skip_reason[~self.evaluated], return_counts=True)
        return {str(why): int(count) for why, count in zip(reasons, counts, strict=True)}

    @property
    def mAP(self) -> float:  # noqa: N802  the field's own name
        """Mean average precision over the evaluated queries."""
        return float(self.average_precision[self.evaluated].mean())

    @property
    def mINP(self) -> float:  # noqa: N802  the field's own name
        """Mean inverse negative penalty: how early the hardest match is found."""
        return float(self.inverse_negative_penalty[self.evaluated].mean())

    def cmc(self, max_rank: int = 50) -> _Floats:
        """Cumulative matching characteristic.

        Args:
            max_rank: length of the curve.

        Returns:
            ``(max_rank,)``; entry ``k - 1`` is the share of evaluated queries whose best match is
            among the first ``k``.

        Raises:
            ValueError: ``max_rank`` is below 1.
        """
        if max_rank < 1:
            raise ValueError(f"max_rank must be at least 1, got {max_rank}")
        ranks = self.first_hit_rank[self.evaluated]
        hits = np.bincount(np.minimum(ranks, max_rank + 1), minlength=max_rank + 2)
        curve: _Floats = np.cumsum(hits[1 : max_rank + 1]) / len(ranks)
        return curve

    def rank(self, k: int) -> float:
        """Rank-k accuracy: the share of evaluated queries with a match among the first ``k``."""
        return float(self.cmc(k)[-1])

    def summary(self) -> list[dict[str, Any]]:
        """The table that papers print: one row a metric, values as fractions."""
        values = {
            "mAP": self.mAP,
            "Rank-1": self.rank(1),
            "Rank-5": self.rank(5),
            "Rank-10": self.rank(10),
            "mINP": self.mINP,
        }
        return [{"metric": name, "value": value} for name, value in values.items()]

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain Python values; what a skipped query lacks is None."""
        return {
            "mAP": self.mAP,
            "mINP": self.mINP,
            "cmc": self.cmc().tolist(),
            "valid": self.valid,
            "skipped": self.skipped,
            "protocol": dict(self.protocol),
            "queries": {
                "average_precision": _plain(self.average_precision, self.evaluated),
                "first_hit_rank": _plain(self.first_hit_rank, self.evaluated),
                "inverse_negative_penalty": _plain(self.inverse_negative_penalty, self.evaluated),
                "matches": self.matches.tolist(),
                "skip_reason": self.skip_reason.tolist(),
            },
        }

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write `to_dict` as JSON, under a temporary name first.

        Args:
            path: the file to write; its folder must exist.

        Returns:
            The path.
        """
        target = Path(path)
        with tempfile.NamedTemporaryFile(
            "w", dir=target.parent, prefix=f".{target.name}.", delete=False, encoding="utf-8"
        ) as file:
            try:
                json.dump(self.to_dict(), file, indent=1, allow_nan=False)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).chmod(0o644)
                Path(file.name).replace(target)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
        return target


def _plain(values: npt.NDArray[Any], evaluated: npt.NDArray[np.bool_]) -> list[Any]:
    return [
        value if known else None for value, known in zip(values.tolist(), evaluated, strict=True)
    ]


def describe(
    metric: str, camera_filter: str, junk_pids: Collection[int], definition: str, ties: str
) -> dict[str, Any]:
    """The options that define the numbers of a report, as it notes them."""
    return {
        "metric": metric,
        "camera_filter": camera_filter,
        "junk_pids": sorted(int(pid) for pid in junk_pids),
        "average_precision": definition,
        "ties": ties,
    }


def report_from_ranks(
    ranks: MatchRanks,
    matching: Matching,
    *,
    definition: AveragePrecision,
    protocol: Mapping[str, Any],
) -> RetrievalReport:
    """The report of the ranks of all matches.

    Args:
        ranks: of the queries that ``matching`` does not skip.
        matching: who matches whom.
        definition: of average precision.
        protocol: the options to note in the report.
    """
    per_query = np.full((2, len(matching.matches)), np.nan)
    per_query[0, ranks.query] = average_precision(ranks, definition)
    per_query[1, ranks.query] = inverse_negative_penalty(ranks)
    first = np.zeros(len(matching.matches), dtype=np.int64)
    first[ranks.query] = first_hit_rank(ranks)
    return RetrievalReport(
        average_precision=per_query[0],
        first_hit_rank=first,
        inverse_negative_penalty=per_query[1],
        matches=matching.matches,
        skip_reason=matching.skip_reason,
        protocol=dict(protocol),
        ranks=ranks,
    )
