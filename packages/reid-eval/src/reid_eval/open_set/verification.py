"""Are two images of the same person? Errors of that question at every threshold.

The false match rate (FMR) is the share of impostor pairs, the false non-match rate (FNMR) the
share of genuine pairs, that a threshold decides wrongly (ISO/IEC 19795-1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid_eval.open_set.pair_scores import ScoreCounts

__all__ = ["OperatingPoint", "Verification"]

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class OperatingPoint:
    """Errors at one threshold; a pair whose score reaches it is called the same person."""

    threshold: float
    fmr: float
    fnmr: float

    def to_dict(self) -> dict[str, float]:
        """Plain values."""
        return dict(vars(self))


@dataclass(frozen=True, eq=False)
class Verification:
    """Errors at every threshold of a fine grid.

    Attributes:
        thresholds: float64 (B + 1,), ascending; the last is above all scores.
        fmr: float64 (B + 1,), falling from 1 to 0.
        fnmr: float64 (B + 1,), rising from 0 to 1.
        genuine_pairs: how many pairs of one identity there are.
        impostor_pairs: how many of two.
    """

    thresholds: _Floats
    fmr: _Floats
    fnmr: _Floats
    genuine_pairs: int
    impostor_pairs: int

    @classmethod
    def of(cls, counts: ScoreCounts) -> Verification:
        """Turn counts into errors.

        Raises:
            ValueError: there is no genuine or no impostor pair.
        """
        genuine, impostor = int(counts.genuine.sum()), int(counts.impostor.sum())
        if not genuine or not impostor:
            raise ValueError(
                f"errors of pairs need genuine and impostor pairs, got {genuine} and {impostor}"
            )
        step = counts.thresholds[1] - counts.thresholds[0]
        above = np.cumsum(counts.impostor[::-1])[::-1]
        return cls(
            thresholds=np.append(counts.thresholds, counts.thresholds[-1] + step),
            fmr=np.append(above, 0) / impostor,
            fnmr=np.concatenate([[0], np.cumsum(counts.genuine)]) / genuine,
            genuine_pairs=genuine,
            impostor_pairs=impostor,
        )

    @property
    def equal_error(self) -> OperatingPoint:
        """Where both errors are closest; the equal error rate (EER) is their mean there."""
        return self._point(int(np.argmin(np.abs(self.fmr - self.fnmr))))

    @property
    def eer(self) -> float:
        """Equal error rate."""
        point = self.equal_error
        return (point.fmr + point.fnmr) / 2

    @property
    def auc(self) -> float:
        """Area below the ROC curve: the chance that a genuine pair scores above an impostor."""
        heights, places = 1 - self.fnmr[::-1], self.fmr[::-1]
        # By hand: numpy's own function has another name before 2.0.
        return float(np.sum(np.diff(places) * (heights[1:] + heights[:-1]) / 2))

    def at_fmr(self, wanted: float) -> OperatingPoint:
        """The lowest threshold whose false match rate is at most ``wanted``.

        Raises:
            ValueError: ``wanted`` is not a share.
        """
        if not 0 <= wanted <= 1:
            raise ValueError(f"a false match rate lies between 0 and 1, got {wanted}")
        return self._point(int(np.argmax(self.fmr <= wanted)))

    def curve(self, points: int = 200) -> tuple[_Floats, _Floats]:
        """The ROC: false match rates, ascending, and the shares of genuine pairs found at them.

        Only corners of the curve are given, at most about ``points``, evenly spread over the
        logarithm of the false match rate.
        """
        rates = np.unique(self.fmr)
        least = max(1 / max(self.impostor_pairs, 1), 1e-12)
        wanted = np.concatenate([[0.0], np.geomspace(least, 1, points)])
        chosen = np.unique(rates[np.searchsorted(rates, wanted, side="right") - 1])
        first = len(self.fmr) - 1 - np.searchsorted(self.fmr[::-1], chosen, side="right") + 1
        return chosen, 1 - self.fnmr[first]

    def to_dict(self, *, fmrs: Sequence[float]) -> dict[str, Any]:
        """Plain values: EER, AUC, the errors at some false match rates, the curve."""
        fmr, tpr = self.curve()
        return {
            "eer": self.eer,
            "eer_threshold": self.equal_error.threshold,
            "auc": self.auc,
            "at_fmr": [{"wanted": rate, **self.at_fmr(rate).to_dict()} for rate in fmrs],
            "genuine_pairs": self.genuine_pairs,
            "impostor_pairs": self.impostor_pairs,
            "roc": {"fmr": fmr.tolist(), "tpr": tpr.tolist()},
        }

    def _point(self, index: int) -> OperatingPoint:
        return OperatingPoint(
            float(self.thresholds[index]), float(self.fmr[index]), float(self.fnmr[index])
        )
