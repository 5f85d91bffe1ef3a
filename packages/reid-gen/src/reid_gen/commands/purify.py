"""``reid-gen purify``: keep the generated images that look like their person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reid_data.console import BatchSize, Device, Json, Out, progress, show

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["purify"]


def purify(
    generated: Annotated[Path, typer.Option("--generated", help="Set with its manifest.")],
    graph: Annotated[
        list[Path], typer.Option("--graph", help="From reid-gen graph; once for each fold.")
    ],
    out: Out,
    gcn: Annotated[
        list[Path], typer.Option("--gcn", help="From reid-gen train-gcn; one for each --graph.")
    ] = [],  # noqa: B006 - typer reads it, nothing changes it
    rule: Annotated[
        str, typer.Option("--rule", help="link, cluster, cosine, confidence or diversity.")
    ] = "link",
    threshold: Annotated[
        float | None, typer.Option("--threshold", help="The least score. [the rule's own]")
    ] = None,
    margin: Annotated[
        float, typer.Option("--margin", help="link: lead over the best other identity.")
    ] = 0.1,
    batch_size: BatchSize = 32,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Decide on each generated image and write the kept ones as a generated set of their own.

    decisions.jsonl says of every image, kept or dropped, with which scores and why.
    """
    from reid_eval import resolve_device
    from reid_gen.manifest import read_manifest
    from reid_gen.purifying.deciding import purify
    from reid_gen.purifying.gcn_files import load_gcn
    from reid_gen.purifying.graph_files import load_graph
    from reid_gen.purifying.rules import Limits, needs_links
    from reid_gen.purifying.writing import check_new, match_decisions, write_purified

    if needs_links(rule) and len(gcn) != len(graph):
        raise ValueError(
            f"rule {rule} needs one --gcn for each --graph, came {len(gcn)} for {len(graph)}; "
            "reid-gen train-gcn makes them"
        )
    table, where = read_manifest(generated), resolve_device(device)
    check_new(out)
    parts: list[pd.DataFrame] = []
    for number, folder in enumerate(graph):
        trained = load_gcn(gcn[number], device=where) if needs_links(rule) else None
        with progress("purifying", total=None) as advance:
            parts.append(
                purify(
                    load_graph(folder),
                    rule=rule,
                    gcn=trained,
                    limits=Limits(threshold=threshold, margin=margin),
                    batch_size=batch_size,
                    device=where,
                    advance=advance,
                )
            )
    decided = match_decisions(table, parts, generated)
    write_purified(decided, generated, out, rule=rule)
    reasons = decided["reason"].value_counts()
    rows = [{"reason": str(reason), "images": int(count)} for reason, count in reasons.items()]
    kept = int(decided["kept"].sum())
    title = f"{kept:,} of {len(decided):,} images kept in {out}"
    payload = {"out": str(out), "kept": kept, "images": len(decided), "reasons": rows}
    show(rows, title=title, as_json=as_json, payload=payload)
