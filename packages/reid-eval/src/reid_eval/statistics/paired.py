"""Is one evaluation better than another, on the same queries?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reid_eval.statistics.bootstrap import Interval, People, bootstrap_intervals, by_identity
from reid_eval.statistics.intervals import per_query
from reid_eval.statistics.results import QueryResults

__all__ = ["Change", "Comparison", "compare", "sign_flip_p_values"]

_Floats = NDArray[np.float64]

_CELLS = 1 << 22  # signs that are held at once
_MUST_AGREE = ("camera_filter", "junk_pids", "average_precision", "ties", "gallery_size")


@dataclass(frozen=True)
class Change:
    """One figure of two evaluations.

    Attributes:
        metric: its name.
        first: its value in the first evaluation.
        second: its value in the second.
        difference: second minus first, with its paired bootstrap interval over identities.
        p_value: of the two-sided test that both are equally good, by sign flips of identities.
        effect_size: Cohen's d over identities: the mean of the people's own differences, in units
            of their standard deviation; 0 where nobody differs, None where all differ alike.
        better: people whose own mean rose.
        worse: people whose own mean fell.
    """

    metric: str
    first: float
    second: float
    difference: Interval
    p_value: float
    effect_size: float | None
    better: int
    worse: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {**vars(self), "difference": self.difference.to_dict()}


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two evaluations of the same queries.

    Attributes:
        first: the first evaluation.
        second: the second, its queries in the order of the first.
        changes: one for each figure.
        people: identities with an evaluated query.
    """

    first: QueryResults
    second: QueryResults
    changes: tuple[Change, ...]
    people: int

    @property
    def differences(self) -> _Floats:
        """Second minus first average precision (Q,), NaN for skipped queries."""
        return self.second.report.average_precision - self.first.report.average_precision


def compare(
    first: QueryResults,
    second: QueryResults,
    *,
    ranks: Sequence[int] = (1, 5, 10),
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Compare two evaluations of the same queries, person by person.

    The models, and what ranks the gallery, may differ; queries, gallery size and protocol may not.
    p-values are not corrected for the number of figures that are looked at.

    Args:
        first: what was there before.
        second: what is asked about.
        ranks: the k of Rank-k.
        confidence: of the interval of each difference.
        resamples: draws of the bootstrap, and of the sign flips.
        seed: which draws.

    Raises:
        ValueError: they are about different queries, galleries or protocols, or about one identity.
    """
    second = _aligned(first, second)
    _check_protocols(first, second)
    ours, theirs = (per_query(side.report, ranks=ranks) for side in (first, second))
    pids = first.pids[first.report.evaluated]
    before, after = (np.stack(list(values.values()), axis=1) for values in (ours, theirs))
    people = by_identity(after - before, pids)
    differences = bootstrap_intervals(
        after - before, pids, confidence=confidence, resamples=resamples, seed=seed
    )
    p_values = sign_flip_p_values(people.sums, flips=resamples, seed=seed)
    changes = tuple(
        Change(
            metric=name,
            first=float(ours[name].mean()),
            second=float(theirs[name].mean()),
            difference=differences[column],
            p_value=float(p_values[column]),
            effect_size=_effect_size(people, column),
            better=int((people.sums[:, column] > 1e-12).sum()),
            worse=int((people.sums[:, column] < -1e-12).sum()),
        )
        for column, name in enumerate(ours)
    )
    return Comparison(first, second, changes, len(people))


def sign_flip_p_values(sums: ArrayLike, *, flips: int = 10_000, seed: int = 0) -> _Floats:
    """Two-sided p-values of the paired permutation test over people.

    If both evaluations are equally good, each person's difference could as well have had the other
    sign. ``p = (1 + flips at least as extreme) / (1 + flips)``, which keeps the level exactly
    (Phipson and Smyth, SAGMB 2010).

    Args:
        sums: each person's summed differences (P, M).
        flips: random flips.
        seed: which ones.

    Returns:
        (M,).

    Examples:
        >>> float(sign_flip_p_values(np.zeros((5, 1)))[0])
        1.0
    """
    table = np.asarray(sums, np.float64)
    generator = np.random.default_rng(seed)
    observed = np.abs(table.sum(axis=0))
    floor = observed - 1e-12 * np.abs(table).sum(axis=0)  # sums in another order are equal sums
    extreme = np.zeros(table.shape[1], np.int64)
    step = max(1, _CELLS // len(table))
    for start in range(0, flips, step):
        rows = min(step, flips - start)
        signs = 2.0 * generator.integers(2, size=(rows, len(table))) - 1
        extreme += (np.abs(signs @ table) >= floor).sum(axis=0)
    return np.asarray((1 + extreme) / (1 + flips))


def _effect_size(people: People, column: int) -> float | None:
    own = people.own_means[:, column]
    mean, spread = float(own.mean()), float(own.std(ddof=1))
    if spread > 1e-12:
        return mean / spread
    return 0.0 if abs(mean) <= 1e-12 else None


def _aligned(first: QueryResults, second: QueryResults) -> QueryResults:
    """The second results in the order of the first queries."""
    for side in (first, second):
        if len(np.unique(side.paths)) != len(side.paths):
            raise ValueError("a path is the query of two rows; queries are told apart by path")
    ours, theirs = np.argsort(first.paths), np.argsort(second.paths)
    same = np.array_equal(first.paths[ours], second.paths[theirs])
    if not same or not np.array_equal(first.pids[ours], second.pids[theirs]):
        only = np.setxor1d(first.paths, second.paths)
        what = f"{len(only)} images are a query of one only, such as {only[0]}" if len(only) else ""
        raise ValueError(
            "the reports are about different queries, so they cannot be compared: "
            + (what or "the same images bear other identities")
        )
    rows = np.empty(len(ours), np.int64)
    rows[ours] = theirs
    report = second.report
    ordered = replace(
        report,
        average_precision=report.average_precision[rows],
        first_hit_rank=report.first_hit_rank[rows],
        inverse_negative_penalty=report.inverse_negative_penalty[rows],
        matches=report.matches[rows],
        skip_reason=report.skip_reason[rows],
    )
    return QueryResults(ordered, second.paths[rows], second.pids[rows], second.root)


def _check_protocols(first: QueryResults, second: QueryResults) -> None:
    for name in _MUST_AGREE:
        ours, theirs = (side.report.protocol.get(name) for side in (first, second))
        if ours != theirs:
            raise ValueError(
                f"the reports differ in their {name.replace('_', ' ')} ({ours} and {theirs}); "
                "evaluate both in one way"
            )
    if not np.array_equal(first.report.matches, second.report.matches):
        row = int(np.flatnonzero(first.report.matches != second.report.matches)[0])
        ours, theirs = (int(side.report.matches[row]) for side in (first, second))
        raise ValueError(
            f"the galleries differ: query {first.paths[row]} has {ours} matches in one and "
            f"{theirs} in the other"
        )
