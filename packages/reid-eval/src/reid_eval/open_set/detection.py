"""Is this person in the gallery, and who is it? Rates of that question at every threshold.

With a threshold ``t`` a query is answered if its best score reaches ``t``. The false positive
identification rate (FPIR) is the share of queries of unknown people that are answered. The
detection and identification rate (DIR, also TPIR) is the share of queries of known people that
reach ``t`` with a match among the first ``r`` answers (Phillips, Grother and Micheals, Handbook of
Face Recognition 2011; ISO/IEC 19795-1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Detection", "DetectionPoint", "lowest_threshold"]

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class DetectionPoint:
    """Rates at one threshold."""

    threshold: float
    fpir: float
    dir: float
    rank: int

    def to_dict(self) -> dict[str, float | int | None]:
        """Plain values; a threshold that answers everything is None."""
        return {**vars(self), "threshold": self.threshold if np.isfinite(self.threshold) else None}


@dataclass(frozen=True, eq=False)
class Detection:
    """What decides about known and unknown queries.

    Attributes:
        match_scores: float64 (K,), the score of each known query's best match.
        match_ranks: int64 (K,), that match's rank from 1.
        unknown_scores: float64 (U,), the best score of each query of an unknown person.

    Raises:
        ValueError: there is no known or no unknown query, or the parts do not fit.
    """

    match_scores: _Floats
    match_ranks: NDArray[np.int64]
    unknown_scores: _Floats

    def __post_init__(self) -> None:
        if len(self.match_scores) != len(self.match_ranks):
            raise ValueError(
                f"{len(self.match_scores)} scores of matches and {len(self.match_ranks)} ranks"
            )
        if not len(self.match_scores) or not len(self.unknown_scores):
            raise ValueError(
                f"open-set rates need queries of known and of unknown people, got "
                f"{len(self.match_scores)} and {len(self.unknown_scores)}; hold out identities"
            )

    def fpir(self, threshold: float) -> float:
        """Share of unknown queries that are answered."""
        return float((self.unknown_scores >= threshold).mean())

    def dir(self, threshold: float, *, rank: int = 1) -> float:
        """Share of known queries that are detected and identified within ``rank`` answers."""
        found = (self.match_scores >= threshold) & (self.match_ranks <= rank)
        return float(found.mean())

    def at_fpir(self, wanted: float, *, rank: int = 1) -> DetectionPoint:
        """The rates at the lowest threshold whose FPIR is at most ``wanted``.

        Raises:
            ValueError: ``wanted`` is not a share, or the rank is below 1.
        """
        if rank < 1:
            raise ValueError(f"rank must be at least 1, got {rank}")
        threshold = lowest_threshold(self.unknown_scores, wanted)
        return DetectionPoint(threshold, self.fpir(threshold), self.dir(threshold, rank=rank), rank)

    def curve(self, *, rank: int = 1) -> tuple[_Floats, _Floats]:
        """FPIR, from 0 to 1 in steps of one unknown query, and the DIR at each: (U + 1,)."""
        unknown = np.sort(self.unknown_scores)[::-1]
        found = np.sort(self.match_scores[self.match_ranks <= rank])
        limits = np.append(np.nextafter(unknown, np.inf), -np.inf)
        rates = (len(found) - np.searchsorted(found, limits)) / len(self.match_scores)
        return np.arange(len(limits)) / len(unknown), rates

    def to_dict(self, *, fpirs: tuple[float, ...], ranks: tuple[int, ...]) -> dict[str, Any]:
        """Plain values: the rates at some FPIRs and ranks."""
        return {
            "known_queries": len(self.match_scores),
            "unknown_queries": len(self.unknown_scores),
            "at_fpir": [
                {"wanted": rate, **self.at_fpir(rate, rank=rank).to_dict()}
                for rate in fpirs
                for rank in ranks
            ],
        }


def lowest_threshold(scores: _Floats, share: float) -> float:
    """The lowest threshold that at most this share of the scores reaches.

    Args:
        scores: (N,), at least one.
        share: between 0 and 1; at 1 the threshold is minus infinity.

    Raises:
        ValueError: the share is not between 0 and 1.

    Examples:
        >>> t = lowest_threshold(np.array([0.1, 0.4, 0.9]), 1 / 3)
        >>> 0.4 < t <= 0.4000001
        True
    """
    if not 0 <= share <= 1:
        raise ValueError(f"a rate lies between 0 and 1, got {share}")
    allowed = int(np.floor(share * len(scores) + 1e-9))
    if allowed >= len(scores):
        return -np.inf
    return float(np.nextafter(np.sort(scores)[::-1][allowed], np.inf))
