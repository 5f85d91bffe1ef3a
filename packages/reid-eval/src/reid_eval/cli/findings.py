"""The findings of ``reid-eval test`` as tables, on the console and in the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reid_eval.report.tables import PageTable, points

if TYPE_CHECKING:
    from reid_eval.cli.analyses import Findings
    from reid_eval.open_set import OpenSetReport
    from reid_eval.robustness import DegradedResult
    from reid_eval.statistics import Interval, Slice

__all__ = ["findings_tables", "interval_text"]


def interval_text(interval: Interval) -> str:
    """Such as ``81.2% (78.9 to 83.4)``."""
    return f"{interval.value:.1%} ({100 * interval.low:.1f} to {100 * interval.high:.1f})"


def findings_tables(findings: Findings) -> list[PageTable]:
    """One table for each kind of finding that was asked for."""
    tables = []
    for name, intervals in findings.intervals.items():
        confidence = next(iter(intervals.values())).confidence
        rows = [
            {
                "figure": metric,
                "value": f"{one.value:.1%}",
                f"{confidence:.0%} interval": f"{one.low:.1%} to {one.high:.1%}",
            }
            for metric, one in intervals.items()
        ]
        explained = "Bootstrap over identities (BCa): all queries of a person are drawn together."
        tables.append(PageTable(f"How sure: {name}", rows, explained))
    if findings.slices:
        tables.append(_slices(findings.slices))
    if findings.robustness:
        tables.append(_robustness(findings.robustness))
    if findings.open_set is not None:
        tables += _open_set(findings.open_set)
    return tables


def _slices(slices: Sequence[Slice]) -> PageTable:
    rows = [
        {
            "slice": one.name,
            "identities": f"{one.identities:,}",
            "queries": f"{one.queries:,}",
            "matches": f"{one.matches:,}",
            "mAP": interval_text(one.mAP) if one.mAP else "too few identities",
            "Rank-1": interval_text(one.rank_1) if one.rank_1 else "",
        }
        for one in slices
    ]
    return PageTable(
        "Slices",
        rows,
        "How well the matches of a slice are found in the whole gallery; the same person's other "
        "matches are left out.",
    )


def _robustness(results: Sequence[DegradedResult]) -> PageTable:
    before = results[0].report.mAP
    rows = [
        {
            "images": one.level.name if one.level else "as they are",
            "mAP": f"{one.report.mAP:.1%}",
            "change": points(one.report.mAP - before),
            "Rank-1": f"{one.report.rank(1):.1%}",
            "mINP": f"{one.report.mINP:.1%}",
        }
        for one in results
    ]
    whose = {"query": "The query images", "gallery": "The gallery images", "both": "All images"}
    return PageTable("Robustness", rows, f"{whose[results[0].side]} get worse; change in points.")


def _open_set(report: OpenSetReport) -> list[PageTable]:
    document = report.to_dict()
    rows = [
        {
            "wanted FPIR": f"{row['wanted']:.1%}",
            "rank": str(row["rank"]),
            "DIR": f"{row['dir']:.1%}",
            "FPIR": f"{row['fpir']:.1%}",
            "threshold": "" if row["threshold"] is None else f"{row['threshold']:.4f}",
        }
        for row in document["at_fpir"]
    ]
    explained = (
        f"{document['known_queries']:,} queries of known and {document['unknown_queries']:,} of "
        "unknown people. FPIR: unknown people who are answered; DIR: known people who are answered "
        "with a match within the rank."
    )
    pairs = document["verification"]
    errors = [
        {
            "FMR": f"{row['wanted']:g}",
            "FNMR": f"{row['fnmr']:.1%}",
            "threshold": f"{row['threshold']:.4f}",
        }
        for row in pairs["at_fmr"]
    ]
    about = (
        f"EER {pairs['eer']:.2%} at {pairs['eer_threshold']:.4f}, AUC {pairs['auc']:.4f}, over "
        f"{pairs['genuine_pairs']:,} genuine and {pairs['impostor_pairs']:,} impostor pairs."
    )
    return [
        PageTable("Open set: identification", rows, explained),
        PageTable("Open set: pairs", errors, about),
    ]
