"""``reid-eval search``: the nearest gallery images of every query."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from reid_data.console import (
    BatchSize,
    Device,
    Json,
    LoaderWorkers,
    SkipUnreadable,
    out_option,
    progress,
    show,
)
from reid_eval.cli.options import (
    BackendChoice,
    BackendOption,
    Flip,
    GalleryFolder,
    MetricChoice,
    MetricOption,
    Model,
    QueryFolder,
    SearchFilterChoice,
    SearchFilterOption,
)
from reid_eval.cli.sides import Pass, check_out_file, embed_sides, open_sides
from reid_eval.views import Views

__all__ = ["search_command"]

_SHOWN = 10


def search_command(
    model: Model = "",
    query: QueryFolder = None,
    gallery: GalleryFolder = None,
    out: Annotated[Path, out_option("Parquet file to write: one row a query and answer.")] = Path(
        "results.parquet"
    ),
    top_k: Annotated[
        int, typer.Option("--top-k", min=0, help="Answers for each query; 0 means all.")
    ] = 10,
    metric: MetricOption = MetricChoice.COSINE,
    camera_filter: SearchFilterOption = SearchFilterChoice.NONE,
    flip: Flip = False,
    backend: BackendOption = BackendChoice.AUTO,
    device: Device = "auto",
    batch_size: BatchSize = 128,
    workers: LoaderWorkers = "auto",
    skip_unreadable: SkipUnreadable = False,
    as_json: Json = False,
) -> None:
    """Search the gallery for every query and write the ranked lists.

    Query and gallery are folders of images, which --model embeds, or embeddings folders.
    """
    check_out_file(out)
    sides = open_sides(query, gallery, pids="optional")
    how = Pass(model, device, batch_size, workers, Views(flip=flip), skip_unreadable, backend.value)
    done, speed = embed_sides(sides, how)
    from reid_eval.exact_search import search

    with progress("searching", total=len(done["gallery"])) as advance:
        result = search(
            done["query"],
            done["gallery"],
            top_k=top_k,
            metric=metric.value,
            camera_filter=camera_filter.value,
            device=device,
            advance=advance,
        )
    result.to_parquet(out)
    head = result.to_frame(slice(0, _SHOWN)).head(_SHOWN).drop(columns="distance")
    for column in ("query", "path"):
        head[column] = [PurePosixPath(path).name for path in head[column]]
    first = [{str(name): value for name, value in row.items()} for row in head.to_dict("records")]
    counts = {"queries": len(done["query"]), "gallery": len(done["gallery"])}
    payload = {
        "out": str(out),
        **counts,
        "answers": int((result.indices >= 0).sum()),
        "images_per_second": speed,
    }
    title = f"{counts['queries']:,} queries, {counts['gallery']:,} gallery images: {out} begins"
    show(first, title=title, as_json=as_json, payload=payload)
