"""``reid-eval compare``: is one evaluation better than another?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reid_data.console import Json, Seed, note, out_option, show
from reid_eval.cli.options import MetricChoice, MetricOption
from reid_eval.cli.sides import check_out_file

if TYPE_CHECKING:
    from reid_eval.statistics import ChangedQuery, Comparison, QueryResults

__all__ = ["compare_command"]

_WHAT = "Folder (or report.json) that `test --out` wrote, or a folder with the embeddings folders "


def compare_command(
    first: Annotated[Path, typer.Argument(metavar="A", help=_WHAT + "query and gallery.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="The one that is asked about.")],
    out: Annotated[Path | None, out_option("HTML file to write.")] = None,
    confidence: Annotated[
        float, typer.Option("--confidence", help="Of the intervals, between 0 and 1.")
    ] = 0.95,
    resamples: Annotated[
        int, typer.Option("--resamples", min=100, help="Random draws of people.")
    ] = 10_000,
    top: Annotated[
        int, typer.Option("--top", min=0, help="Queries to list that gained, and that lost, most.")
    ] = 5,
    metric: MetricOption = MetricChoice.COSINE,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Test whether B is better than A on the same queries, person by person.

    Prints each figure of both, the difference with its interval, the p-value of a paired
    permutation test over identities and the effect size, then the queries that changed most.
    """
    if out is not None:
        check_out_file(out)
    from reid_eval.statistics import compare, most_changed

    found = compare(
        _results(first, metric),
        _results(second, metric),
        confidence=confidence,
        resamples=resamples,
        seed=seed,
    )
    changed = most_changed(found, count=top)
    if out is not None:
        from reid_eval.report.comparison import write_comparison

        write_comparison(out, found, names=(str(first), str(second)))
    _show(found, changed, first, second, out, as_json=as_json)


def _results(path: Path, metric: MetricChoice) -> QueryResults:
    """A report that was written, or the evaluation of a pair of embeddings folders."""
    from reid_eval.embeddings import Embeddings, is_embeddings_folder
    from reid_eval.statistics import QueryResults

    pair = [path / name for name in ("query", "gallery")]
    if (path / "report.json").exists() or not all(map(is_embeddings_folder, pair)):
        return QueryResults.load(path)
    from reid_eval.evaluation import evaluate

    query, gallery = map(Embeddings.load, pair)
    return QueryResults.of(evaluate(query, gallery, metric=metric.value), query)


def _show(
    found: Comparison,
    changed: dict[str, tuple[ChangedQuery, ...]],
    first: Path,
    second: Path,
    out: Path | None,
    *,
    as_json: bool,
) -> None:
    payload: dict[str, Any] = {
        "first": str(first),
        "second": str(second),
        "queries": found.first.report.valid,
        "people": found.people,
        "changes": [one.to_dict() for one in found.changes],
        **{name: [one.to_dict() for one in queries] for name, queries in changed.items()},
        "page": None if out is None else str(out),
    }
    from reid_eval.report.tables import points

    rows = []
    for one in found.changes:
        gap = one.difference
        rows.append(
            {
                "figure": one.metric,
                "A": f"{one.first:.1%}",
                "B": f"{one.second:.1%}",
                "B - A": points(gap.value),
                f"{gap.confidence:.0%} interval": f"{points(gap.low)} to {points(gap.high)}",
                "p": f"{one.p_value:.2g}",
                "effect size": "" if one.effect_size is None else f"{one.effect_size:+.2f}",
                "people up/down": f"{one.better:,}/{one.worse:,}",
            }
        )
    title = (
        f"{found.first.report.valid:,} queries of {found.people:,} people; differences in points"
    )
    show(rows, title=title, as_json=as_json, payload=payload)
    if as_json:
        return
    for name, queries in changed.items():
        if queries:
            show([_row(query) for query in queries], title=f"Queries that {name} most")
    if out is not None:
        note(f"page: {out}")


def _row(query: ChangedQuery) -> dict[str, str]:
    (before, after), (rank, now) = query.average_precision, query.first_hit_rank
    return {
        "query": query.path,
        "person": str(query.pid),
        "AP": f"{before:.1%} to {after:.1%}",
        "first match": f"{rank:,} to {now:,}",
    }
