"""What probabilities say beyond one threshold: average precision, calibration, thresholds."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Criterion", "average_precisions", "calibration_errors", "choose_thresholds"]

_Floats = NDArray[np.float64]
Criterion = Literal["mA", "F1"]
"""What a threshold makes largest: the mean of both recalls, or F1 of the positives."""


def average_precisions(values: ArrayLike, probabilities: ArrayLike) -> _Floats:
    """Average precision of each attribute ``(K,)``: sum of precision times gained recall.

    Equal probabilities are one step. NaN where there is no positive.

    Args:
        values: truth ``(N, K)``: 1, 0 or -1, which does not count.
        probabilities: ``(N, K)``.
    """
    result = []
    # Column by column: each has images of its own that count.
    for truth, scores in _columns(values, probabilities):
        tp, fp = _steps(truth, scores)[1:]
        positives = truth.sum()
        precision = tp / (tp + fp)
        gained = np.diff(tp, prepend=0)
        result.append((precision * gained).sum() / positives if positives else np.nan)
    return np.array(result)


def calibration_errors(values: ArrayLike, probabilities: ArrayLike, *, bins: int = 15) -> _Floats:
    """Expected calibration error of each attribute ``(K,)``; NaN where nothing is known.

    In bins of equal width, the distance between mean probability and share of positives, weighted
    by how many images are in the bin.

    Args:
        values: truth ``(N, K)``: 1, 0 or -1, which does not count.
        probabilities: ``(N, K)``, from 0 to 1.
        bins: how many.

    Source:
        Naeini et al., Obtaining Well Calibrated Probabilities Using Bayesian Binning, AAAI 2015.
    """
    result = []
    for truth, scores in _columns(values, probabilities):
        place = np.minimum((scores * bins).astype(np.int64), bins - 1)
        gaps = np.bincount(place, scores - truth, minlength=bins)
        result.append(np.abs(gaps).sum() / len(truth) if len(truth) else np.nan)
    return np.array(result)


def choose_thresholds(
    values: ArrayLike, probabilities: ArrayLike, *, criterion: Criterion = "mA"
) -> _Floats:
    """The threshold of each attribute that is best on these images ``(K,)``.

    Choose them on validation images, never on those of the test. A threshold lies half way between
    two probabilities; of equally good ones the nearest to 0.5 is taken. It stays 0.5 where
    positives or negatives are lacking.

    Args:
        values: truth ``(N, K)``: 1, 0 or -1, which does not count.
        probabilities: ``(N, K)``.
        criterion: what is made largest.

    Raises:
        ValueError: an unknown criterion.
    """
    if criterion not in get_args(Criterion):
        raise ValueError(f"criterion must be mA or F1, came {criterion!r}")
    result = []
    for truth, scores in _columns(values, probabilities):
        positives, negatives = truth.sum(), (1 - truth).sum()
        if not positives or not negatives:
            result.append(0.5)
            continue
        levels, tp, fp = _steps(truth, scores)
        if criterion == "mA":
            quality = (tp / positives + 1 - fp / negatives) / 2
        else:
            quality = 2 * tp / (positives + tp + fp)
        # Above a threshold is what holds, so it goes below the level it lets in.
        cuts = (levels + np.append(levels[1:], 0.0)) / 2
        best = np.flatnonzero(quality >= quality.max() - 1e-12)
        result.append(float(cuts[best[np.abs(cuts[best] - 0.5).argmin()]]))
    return np.array(result)


def _columns(values: ArrayLike, probabilities: ArrayLike) -> list[tuple[_Floats, _Floats]]:
    truth, scores = np.asarray(values), np.asarray(probabilities, np.float64)
    if truth.ndim != 2 or truth.shape != scores.shape:
        raise ValueError(
            f"expected truth and probabilities of one shape (N, K), came {truth.shape} and "
            f"{scores.shape}"
        )
    if not np.isfinite(scores).all() or scores.min(initial=0) < 0 or scores.max(initial=1) > 1:
        raise ValueError("probabilities must be numbers from 0 to 1")
    known = truth >= 0
    return [
        (truth[known[:, k], k].astype(np.float64), scores[known[:, k], k])
        for k in range(truth.shape[1])
    ]


def _steps(truth: _Floats, scores: _Floats) -> tuple[_Floats, _Floats, _Floats]:
    """Falling distinct scores, and the positives and negatives at or above each."""
    order = np.argsort(-scores, kind="stable")
    sorted_scores = scores[order]
    last = np.flatnonzero(np.append(np.diff(sorted_scores) != 0, True)[: len(scores)])
    tp = np.cumsum(truth[order])[last]
    return sorted_scores[last], tp, last + 1 - tp
