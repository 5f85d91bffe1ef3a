"""Which detection is which track: the cheapest assignment of those that may be one person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from reid_attr.video.detections import overlaps
from reid_attr.video.kalman import Motion, surprise, to_boxes, to_places

__all__ = ["LooksGate", "assign", "costs_of"]

_NEVER = 1e6
_PLAUSIBLE = 9.4877  # 95% of a chi-square distribution with 4 degrees of freedom

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LooksGate:
    """When looks decide.

    Attributes:
        same: cosine distance up to which two looks may be one person where boxes do not overlap.
        other: distance beyond which they are two, also where boxes overlap.
        weight: of looks against overlap in the cost.
    """

    same: float = 0.35
    other: float = 0.7
    weight: float = 0.5


def costs_of(
    motion: Motion,
    boxes: NDArray[np.float32],
    *,
    least_overlap: float,
    distances: _Floats | None = None,
    gate: LooksGate | None = None,
) -> _Floats:
    """Cost of each pair of track and detection; infinite where they cannot be one person.

    Without looks the cost is 1 - IoU of predicted and found box. With them, it is a mean of that
    and the cosine distance; looks that are alike may match without any overlap where the place is
    plausible for the track's motion, and looks that are not never do.

    Args:
        motion: M tracks, predicted to this frame.
        boxes: ``(N, 4)`` of the detections.
        least_overlap: IoU from which on two boxes may be one person.
        distances: ``(M, N)`` cosine distances in [0, 2] of their looks; NaN where one is unknown.
        gate: when they decide.

    Returns:
        ``(M, N)``.
    """
    iou = overlaps(to_boxes(motion.place), boxes)
    costs = 1 - iou
    allowed = iou >= least_overlap
    if distances is not None:
        limits = gate or LooksGate()
        known = ~np.isnan(distances)
        looks = np.where(known, distances, 0.0)
        near = surprise(motion, to_places(boxes)) <= _PLAUSIBLE
        allowed &= ~known | (looks <= limits.other)
        allowed |= known & (looks <= limits.same) & near
        mixed = (1 - limits.weight) * costs + limits.weight * looks.clip(max=1)
        costs = np.where(known, mixed, costs)
    return np.where(allowed, costs, np.inf)


def assign(costs: _Floats) -> list[tuple[int, int]]:
    """Pairs (row, column), each row and column at most once: as many as can be, and the cheapest.

    Args:
        costs: ``(M, N)``; infinite pairs are never taken.

    Examples:
        >>> assign(np.array([[0.1, 0.2], [0.2, np.inf], [np.inf, np.inf]]))
        [(0, 1), (1, 0)]
    """
    possible = np.isfinite(costs)
    if not possible.any():
        return []
    rows, columns = linear_sum_assignment(np.where(possible, costs, _NEVER))
    kept = possible[rows, columns]
    return list(zip(rows[kept].tolist(), columns[kept].tolist(), strict=True))
