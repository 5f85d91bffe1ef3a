"""The page about two evaluations of the same queries."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from reid_data.files import replacing
from reid_eval.report.charts import Chart, Series, line_chart, round_ticks
from reid_eval.report.tables import points
from reid_eval.report.thumbnails import thumbnail
from reid_eval.statistics import Change, ChangedQuery, Comparison, most_changed

__all__ = ["write_comparison"]

_RANKS = 50
_HEADINGS = {"gained": "Queries that gained most", "lost": "Queries that lost most"}


@dataclass(frozen=True)
class _Bar:
    """An interval beside its neighbours, in percent of the column's width."""

    low: float
    value: float
    high: float
    zero: float


@dataclass(frozen=True)
class _Row:
    """One line of the table, as texts."""

    metric: str
    first: str
    second: str
    difference: str
    interval: str
    p_value: str
    effect: str
    people: str
    style: str
    bar: _Bar


@dataclass(frozen=True)
class _Query:
    """One changed query with its picture."""

    source: str | None
    changed: ChangedQuery
    style: str


def write_comparison(
    file: str | Path,
    comparison: Comparison,
    *,
    names: tuple[str, str] = ("first", "second"),
    title: str = "Comparison",
    count: int = 10,
) -> Path:
    """Write one HTML file that needs nothing else: figures, curves, the queries that changed most.

    Args:
        file: where to write it, whole or not at all.
        comparison: what [`compare`][reid_eval.statistics.paired.compare] found.
        names: what to call both evaluations.
        title: heading of the page.
        count: most queries to show of those that gained, and of those that lost.
    """
    changed = most_changed(comparison, count=count)
    page = (
        _environment()
        .get_template("comparison.html.j2")
        .render(
            title=title,
            facts=_facts(comparison, names),
            names=names,
            verdict=_verdict(comparison),
            rows=_rows(comparison.changes),
            confidence=f"{comparison.changes[0].difference.confidence:.0%}",
            charts=[_cmc(comparison, names), _people(comparison)],
            groups=[
                (_HEADINGS[kind], [_query(comparison, one) for one in queries])
                for kind, queries in changed.items()
                if queries
            ],
            footer=f"Written by reid-eval {version('reid-eval')}.",
        )
    )
    path = Path(file)
    with replacing(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return path


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("reid_eval.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )


def _facts(comparison: Comparison, names: tuple[str, str]) -> list[tuple[str, str]]:
    report = comparison.first.report
    protocol = report.protocol
    return [
        ("First", names[0]),
        ("Second", names[1]),
        ("Queries", f"{report.valid:,} of {len(report.skip_reason):,} evaluated"),
        ("People", f"{comparison.people:,}"),
        ("Gallery", f"{protocol['gallery_size']:,} images"),
        ("Camera filter", str(protocol["camera_filter"])),
    ]


def _verdict(comparison: Comparison) -> str:
    change = comparison.changes[0]
    difference = change.difference
    if difference.low <= 0 <= difference.high:
        return (
            f"Whether the {change.metric} differs cannot be told: the interval of the difference "
            "holds zero."
        )
    which = "higher" if difference.value > 0 else "lower"
    return f"The second {change.metric} is {which}: the interval of the difference excludes zero."


def _rows(changes: tuple[Change, ...]) -> list[_Row]:
    reach = max(max(abs(one.difference.low), abs(one.difference.high)) for one in changes) or 1.0

    def place(value: float) -> float:
        return round(50 + 48 * value / reach, 2)

    rows = []
    for one in changes:
        gap = one.difference
        certain = gap.low > 0 or gap.high < 0
        rows.append(
            _Row(
                metric=one.metric,
                first=f"{one.first:.1%}",
                second=f"{one.second:.1%}",
                difference=points(gap.value),
                interval=f"{points(gap.low)} to {points(gap.high)}",
                p_value="< 0.001" if one.p_value < 0.001 else f"{one.p_value:.3f}",
                effect="" if one.effect_size is None else f"{one.effect_size:+.2f}",
                people=f"{one.better:,} / {one.worse:,}",
                style=("right" if gap.value > 0 else "wrong") if certain else "open",
                bar=_Bar(place(gap.low), place(gap.value), place(gap.high), place(0)),
            )
        )
    return rows


def _cmc(comparison: Comparison, names: tuple[str, str]) -> Chart:
    curves = [side.report.cmc(_RANKS) for side in (comparison.first, comparison.second)]
    low = max(0.0, np.floor(10 * (min(curve[0] for curve in curves) - 0.05)) / 10)
    ranks = np.arange(1.0, _RANKS + 1)
    return line_chart(
        [
            Series(name, style, ranks, curve)
            for name, style, curve in zip(names, ("one", "right"), curves, strict=True)
        ],
        key="cmc",
        title="Cumulative matching characteristic",
        description=(
            f"Share of queries with a match among the first k answers; for k = 1 "
            f"{curves[0][0]:.1%} and {curves[1][0]:.1%}."
        ),
        x_label="rank k",
        y_label="queries matched",
        x_ticks=[1, 10, 20, 30, 40, 50],
        y_ticks=round_ticks(float(low), 1.0),
        percent=True,
    )


def _people(comparison: Comparison) -> Chart:
    """The people's own differences, sorted."""
    gaps = comparison.differences
    known = ~np.isnan(gaps)
    _, owner = np.unique(comparison.first.pids[known], return_inverse=True)
    owner = owner.reshape(-1)
    own = np.sort(np.bincount(owner, gaps[known]) / np.bincount(owner))
    low, high = 100 * min(float(own[0]), 0.0), 100 * max(float(own[-1]), 0.0)
    return line_chart(
        [Series("the person's own mean AP", "one", np.linspace(0, 100, len(own)), 100 * own)],
        key="people",
        title="Change person by person",
        description=(
            f"Differences of the people's own mean average precision, sorted: from {own[0]:+.1%} "
            f"to {own[-1]:+.1%}, {np.mean(own > 0):.0%} of the people gain."
        ),
        x_label="people, % (worst change first)",
        y_label="second minus first, points",
        x_ticks=[0, 20, 40, 60, 80, 100],
        y_ticks=round_ticks(low, max(high, low + 1)),
    )


def _query(comparison: Comparison, changed: ChangedQuery) -> _Query:
    source = thumbnail(comparison.first.root / changed.path)
    return _Query(source, changed, "right" if changed.difference > 0 else "wrong")
