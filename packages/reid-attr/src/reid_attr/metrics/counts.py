"""Right and wrong decisions, counted where the truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Counts", "checked", "count"]

Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Counts:
    """Decisions about each of K attributes, as numbers of images (or 0 and 1 of each image).

    Attributes:
        tp: positives found.
        fp: negatives taken for positives.
        tn: negatives found.
        fn: positives missed.
    """

    tp: Floats
    fp: Floats
    tn: Floats
    fn: Floats

    @property
    def positives(self) -> Floats:
        """Of the truth."""
        return self.tp + self.fn

    @property
    def negatives(self) -> Floats:
        """Of the truth."""
        return self.tn + self.fp

    def sum(self) -> Counts:
        """Over the images."""
        return Counts(*(part.sum(axis=0) for part in (self.tp, self.fp, self.tn, self.fn)))


def ratio(top: Any, bottom: Any) -> Any:
    """``top / bottom``; NaN where there is nothing below."""
    return np.divide(top, bottom, out=np.full(np.shape(top), np.nan), where=np.asarray(bottom) != 0)


def checked(values: ArrayLike, decisions: ArrayLike) -> tuple[NDArray[np.int8], Marks]:
    """Truth ``(N, K)`` of 1, 0 and -1 (unknown), and decisions of the same shape.

    Raises:
        ValueError: shapes differ, there is no image, or the truth has other values.
    """
    truth, holds = np.asarray(values), np.asarray(decisions)
    if truth.ndim != 2 or truth.shape != holds.shape or not truth.size:
        raise ValueError(
            f"expected truth and decisions of one shape (N, K), came {truth.shape} and "
            f"{holds.shape}"
        )
    if not np.isin(truth, (-1, 0, 1)).all():
        raise ValueError(
            f"truth must be 1, 0 or -1 (unknown); it reaches from {truth.min()} to {truth.max()}"
        )
    return truth.astype(np.int8), holds.astype(bool)


def count(values: ArrayLike, decisions: ArrayLike) -> Counts:
    """What each decision ``(N, K)`` is, as 0 and 1; sum it over images with `Counts.sum`.

    Raises:
        ValueError: see `checked`.
    """
    truth, holds = checked(values, decisions)
    yes, no = truth == 1, truth == 0
    parts = (yes & holds, no & holds, no & ~holds, yes & ~holds)
    return Counts(*(part.astype(np.float64) for part in parts))
