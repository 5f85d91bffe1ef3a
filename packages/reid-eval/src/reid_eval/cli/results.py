"""What ``reid-eval test`` shows and writes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reid_data.console import note, progress, show

if TYPE_CHECKING:
    from reid_eval.cli.analyses import Findings
    from reid_eval.cli.plan import Plan
    from reid_eval.embeddings import Embeddings
    from reid_eval.evaluation import ProtocolResult

__all__ = ["check_out", "show_results", "write_results"]

_JSON, _ALL, _HTML = "report.json", "protocols.json", "report.html"


def check_out(out: Path | None, embeddings: bool) -> None:
    """Refuse a folder that could not be written to at the end.

    Raises:
        ValueError: it is a file, or other things would be replaced.
    """
    if out is None:
        return
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out {out} is a file; expected a folder to write to")
    if embeddings:
        from reid_eval.embeddings import check_target

        for name in ("query", "gallery"):
            check_target(out / name)


def write_results(
    out: Path,
    done: Mapping[str, Embeddings],
    results: Sequence[ProtocolResult],
    findings: Findings,
    *,
    plan: Plan,
    name: str,
    seed: int,
    embeddings: bool,
) -> dict[str, str]:
    """Write the reports, the page about the first protocol, and the embeddings.

    Returns:
        What was written where: ``report`` (the first protocol's first trial), ``protocols`` (all
        of them, where there is more than one), ``page``, ``query``, ``gallery``.
    """
    from reid_data.files import replacing
    from reid_eval.statistics import QueryResults

    out.mkdir(parents=True, exist_ok=True)
    queries = QueryResults.of_trial(results[0].trials[0], results[0].first.query.root)
    files = {"report": queries.save(out / _JSON, more=findings.to_dict())}
    if sum(len(result.trials) for result in results) > 1:
        files["protocols"] = out / _ALL
        everything = [result.to_dict(plan.ranks) for result in results]
        with replacing(files["protocols"]) as temporary:
            text = json.dumps(everything, indent=1, allow_nan=False)
            temporary.write_text(text, encoding="utf-8")
    page = _write_page(out / _HTML, results[0], findings, plan=plan, name=name, seed=seed)
    files["page"] = page
    if embeddings:
        files |= {each: side.save(out / each) for each, side in done.items()}
    return {each: str(path) for each, path in files.items()}


def _write_page(
    path: Path, result: ProtocolResult, findings: Findings, *, plan: Plan, name: str, seed: int
) -> Path:
    from reid_eval.cli.findings import findings_tables
    from reid_eval.report import write_report

    first = result.first
    with progress("report", total=1) as advance:
        write_report(
            path,
            query=first.query,
            gallery=first.gallery,
            report=result.report,
            facts={"Data": name, "Protocol": result.name},
            tables=findings_tables(findings),
            seed=seed,
            scoring=plan.scoring,
            left_out=first.left_out,
            places=first.rows,
        )
        advance(1)
    return path


def show_results(
    results: Sequence[ProtocolResult],
    findings: Findings,
    files: Mapping[str, str],
    *,
    plan: Plan,
    model: str,
    data: str,
    speed: float | None,
    as_json: bool,
) -> None:
    """Print one table: a row a metric, a column a protocol; or JSON."""
    facts = [_facts(result, plan.ranks) for result in results]
    payload: dict[str, Any] = {
        "data": data,
        "model": model,
        # Of the first protocol, as if it were the only one.
        **{key: facts[0][key] for key in ("metrics", "queries", "skipped", "gallery", "protocol")},
        "protocols": facts,
        **findings.to_dict(),
        "images_per_second": speed,
        "files": dict(files),
    }
    tables = [{row["metric"]: row for row in each["summary"]} for each in facts]
    rows = [
        {"metric": metric}
        | {each["name"]: _cell(table[metric]) for each, table in zip(facts, tables, strict=True)}
        for metric in tables[0]
    ]
    title = f"{results[0].report.valid:,} queries, {facts[0]['gallery']:,} gallery images"
    show(rows, title=title, as_json=as_json, payload=payload)
    if not as_json:
        _show_findings(findings)
    if plan.chosen_for:
        names = ", ".join(each["name"] for each in facts)
        note(f"measured as {plan.chosen_for} is published: {names}")
    for each in facts:
        for why, count in each["skipped"].items():
            where = f" by {each['name']}" if len(facts) > 1 else ""
            note(f"{count:,} queries were skipped{where}: {why}")
    if speed:
        note(f"embedded {speed:,.0f} images/s")
    if "page" in files:
        note(f"report: {files['page']}")


def _show_findings(findings: Findings) -> None:
    from reid_eval.cli.findings import findings_tables

    for table in findings_tables(findings):
        show(table.rows, title=table.title)
        note(table.note)


def _facts(result: ProtocolResult, ranks: Sequence[int]) -> dict[str, Any]:
    summary, report = result.summary(ranks), result.report
    return {
        "name": result.name,
        "options": repr(result.protocol),
        "trials": len(result.trials),
        "metrics": {row["metric"]: row["value"] for row in summary},
        "summary": summary,
        "queries": len(report.average_precision),
        "skipped": report.skipped,
        "gallery": report.protocol["gallery_size"],
        "protocol": dict(report.protocol),
    }


def _cell(row: Mapping[str, Any]) -> str:
    value = f"{row['value']:.1%}"
    return value if row["deviation"] is None else f"{value} ± {row['deviation']:.1%}"
