"""``reid-eval rerank``: ranked lists made anew from embeddings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reid_data.console import Device, Json, note, out_option, show
from reid_eval.cli.options import (
    CameraFilterOption,
    FusionChoice,
    FusionOption,
    GalleryFolder,
    MetricChoice,
    MetricOption,
    QueryFolder,
    RerankOption,
    RerankSetting,
    Transitions,
)
from reid_eval.cli.plan import Wishes, make_scoring, parse_ranks
from reid_eval.cli.sides import check_out_file

if TYPE_CHECKING:
    from reid_eval.embeddings import Embeddings

__all__ = ["rerank_command"]


def rerank_command(
    query: QueryFolder = None,
    gallery: GalleryFolder = None,
    out: Annotated[Path, out_option("Parquet file to write: one row a query and answer.")] = Path(
        "reranked.parquet"
    ),
    rerank: RerankOption = "k-reciprocal",
    rerank_set: RerankSetting = None,
    transitions: Transitions = None,
    fusion: FusionOption = FusionChoice.JOINT,
    top_k: Annotated[
        int, typer.Option("--top-k", min=0, help="Answers for each query; 0 means all.")
    ] = 100,
    ranks: Annotated[
        str, typer.Option("--ranks", help="The k of the Rank-k to show.")
    ] = "1,5,10,20,50",
    metric: MetricOption = MetricChoice.COSINE,
    camera_filter: CameraFilterOption = None,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Re-rank embeddings: write the new lists, and print the metrics before and after.

    The lists are those of `reid-eval search`, with columns query, rank, path, pid, camid, score
    and distance. What the query's camera saw of the query's person is left out, unless
    --camera-filter none.
    """
    check_out_file(out)
    shown = parse_ranks(ranks)
    sides = {"query": _load("query", query), "gallery": _load("gallery", gallery)}
    wishes = Wishes(
        metric=metric.value,
        camera_filter=camera_filter and camera_filter.value,
        rerank=rerank,
        rerank_set=rerank_set or (),
        transitions=transitions,
        fusion=fusion.value,
        device=device,
    )
    scoring = make_scoring(wishes)
    from reid_eval.ranked_lists import rerank_lists

    before, after, lists = rerank_lists(
        sides["query"], sides["gallery"], scoring=scoring, top_k=top_k
    )
    lists.to_parquet(out)
    tables = {
        name: {row["metric"]: row["value"] for row in result.summary(shown)}
        for name, result in (("before", before), ("after", after))
        if result is not None
    }
    payload: dict[str, Any] = {
        "out": str(out),
        "rerank": list(scoring.reranking.steps),
        "queries": len(sides["query"]),
        "gallery": len(sides["gallery"]),
        **tables,
    }
    title = f"{payload['queries']:,} queries, {payload['gallery']:,} gallery images: {out}"
    rows = [
        {"metric": name} | {when: f"{table[name]:.1%}" for when, table in tables.items()}
        for name in tables.get("before", {})
    ]
    show(rows or [{"lists": str(out)}], title=title, as_json=as_json, payload=payload)
    if not tables:
        note("no query has a match in the gallery, so there are no metrics")


def _load(name: str, folder: Path | None) -> Embeddings:
    from reid_eval.embeddings import Embeddings

    if folder is None:
        raise ValueError(f"--{name} is missing: expected a folder of embeddings")
    return Embeddings.load(folder)
