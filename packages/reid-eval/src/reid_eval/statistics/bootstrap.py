"""Intervals of means by resampling people, not queries.

The queries of one person rise and fall together, so they are drawn together: a resample draws as
many people as there are, with replacement, and takes all queries of each (the cluster bootstrap,
Field and Welsh, JRSS B 2007). How often each person is drawn is a matrix of counts, and all
resampled means are one product of it with the people's sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from reid_eval.metrics.options import check_option

__all__ = [
    "Interval",
    "IntervalMethod",
    "People",
    "bootstrap_intervals",
    "by_identity",
    "resampled_means",
]

IntervalMethod = Literal["bca", "percentile"]
"""``"bca"`` corrects bias and skewness (Efron, JASA 1987); ``"percentile"`` does not."""

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]

_CELLS = 1 << 22  # counts of people that are held at once


@dataclass(frozen=True)
class Interval:
    """A figure and the bounds that hold it with the given confidence."""

    value: float
    low: float
    high: float
    confidence: float

    def to_dict(self) -> dict[str, float]:
        """Plain values: ``value``, ``low``, ``high``, ``confidence``."""
        return dict(vars(self))


@dataclass(frozen=True, eq=False)
class People:
    """Values of queries, summed over the queries of each of P people.

    Attributes:
        pids: int64 (P,), ascending.
        sums: float64 (P, M), one column a metric.
        counts: float64 (P,), queries of each person.
    """

    pids: _Ints
    sums: _Floats
    counts: _Floats

    def __len__(self) -> int:
        return len(self.pids)

    @property
    def means(self) -> _Floats:
        """Means over all queries (M,)."""
        return np.asarray(self.sums.sum(axis=0) / self.counts.sum())

    @property
    def own_means(self) -> _Floats:
        """Means over the queries of each person (P, M)."""
        return np.asarray(self.sums / self.counts[:, None])


def by_identity(values: ArrayLike, pids: ArrayLike) -> People:
    """Sum the values of each person's queries.

    Args:
        values: (Q,) or (Q, M), finite.
        pids: whose query each row is (Q,).

    Raises:
        ValueError: there is no row, the lengths differ, or a value is not finite.
    """
    rows, owners = np.asarray(values, np.float64), np.asarray(pids)
    rows = rows[:, None] if rows.ndim == 1 else rows
    if not len(rows) or len(rows) != len(owners):
        raise ValueError(f"expected one pid a query, got {len(owners)} for {len(rows)} queries")
    if not np.isfinite(rows).all():
        raise ValueError("a value is not finite; leave out the queries that were skipped")
    people, owner = np.unique(owners, return_inverse=True)
    owner = owner.reshape(-1)
    sums: _Floats = np.zeros((len(people), rows.shape[1]))
    np.add.at(sums, owner, rows)
    return People(people.astype(np.int64), sums, np.bincount(owner).astype(np.float64))


def resampled_means(people: People, *, resamples: int, seed: int) -> _Floats:
    """Means over the queries of people drawn with replacement: (R, M).

    Args:
        people: who is drawn.
        resamples: R.
        seed: which draws.
    """
    generator = np.random.default_rng(seed)
    count = len(people)
    table = np.column_stack([people.sums, people.counts])
    parts = []
    step = max(1, _CELLS // count)
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        drawn = generator.integers(count, size=(rows, count)) + count * np.arange(rows)[:, None]
        times = np.bincount(drawn.reshape(-1), minlength=rows * count).reshape(rows, count)
        totals = times.astype(np.float64) @ table
        parts.append(totals[:, :-1] / totals[:, -1:])
    return np.concatenate(parts)


def bootstrap_intervals(
    values: ArrayLike,
    pids: ArrayLike,
    *,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
    method: IntervalMethod = "bca",
) -> list[Interval]:
    """Confidence intervals of the means over queries.

    Where all people agree, as when everything is perfect, the interval has no width: the data then
    hold nothing from which an error could be estimated.

    Args:
        values: (Q,) or (Q, M), finite, one column a metric.
        pids: whose query each row is (Q,).
        confidence: share of such intervals that hold the true mean.
        resamples: how many times people are drawn.
        seed: which draws.
        method: how the bounds are taken from the resampled means.

    Returns:
        M intervals.

    Raises:
        ValueError: fewer than two people, an unknown method, a confidence outside (0, 1), fewer
            than 100 resamples, or values that do not fit.

    Examples:
        >>> [interval] = bootstrap_intervals([0.2, 0.4, 0.9, 1.0], [1, 1, 2, 3], seed=1)
        >>> interval.low < interval.value < interval.high
        True
    """
    check_option("method", method, IntervalMethod)
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, such as 0.95, got {confidence}")
    if resamples < 100:
        raise ValueError(f"resamples must be at least 100, got {resamples}")
    people = by_identity(values, pids)
    if len(people) < 2:
        raise ValueError("an interval needs the queries of at least 2 identities, got 1")
    drawn = resampled_means(people, resamples=resamples, seed=seed)
    tails = np.array([(1 - confidence) / 2, (1 + confidence) / 2])
    shares = np.tile(tails[:, None], people.sums.shape[1])
    if method == "bca":
        shares = _corrected(shares, people, drawn)
    bounds = [np.quantile(drawn[:, m], shares[:, m]) for m in range(drawn.shape[1])]
    return [
        Interval(float(mean), float(low), float(high), confidence)
        for mean, (low, high) in zip(people.means, bounds, strict=True)
    ]


def _corrected(shares: _Floats, people: People, drawn: _Floats) -> _Floats:
    """The quantiles (2, M) that BCa takes instead of ``shares`` (Efron 1987, equation 2.3)."""
    resamples, means = len(drawn), people.means
    close = 1e-12 * np.maximum(np.abs(means), 1)
    below = (drawn < means - close).mean(axis=0) + (np.abs(drawn - means) <= close).mean(axis=0) / 2
    bias = norm.ppf(np.clip(below, 0.5 / resamples, 1 - 0.5 / resamples))
    without = (people.sums.sum(axis=0) - people.sums) / (people.counts.sum() - people.counts)[
        :, None
    ]
    influence = without.mean(axis=0) - without
    spread = (influence**2).sum(axis=0)
    skew = np.divide(
        (influence**3).sum(axis=0), 6 * spread**1.5, out=np.zeros_like(spread), where=spread > 1e-24
    )
    moved = bias + norm.ppf(shares)
    return np.asarray(norm.cdf(bias + moved / (1 - skew * moved)))
