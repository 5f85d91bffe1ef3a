"""``reid-eval gallery search``: who looks like these."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from reid_data.console import (
    BatchSize,
    Device,
    Json,
    LoaderWorkers,
    SkipUnreadable,
    out_option,
    show,
)
from reid_eval.cli.gallery_input import open_source
from reid_eval.cli.gallery_options import (
    After,
    Attributes,
    Before,
    Cameras,
    GroupChoice,
    Images,
    Pids,
    Place,
    conditions,
)
from reid_eval.cli.options import BackendChoice, BackendOption, Flip, Model
from reid_eval.cli.sides import Pass, check_out_file
from reid_eval.views import Views

__all__ = ["search_command"]

_SHOWN = 10


def search_command(
    gallery: Place,
    images: Images,
    model: Model = "",
    top_k: Annotated[int, typer.Option("--top-k", min=1, help="Answers for each query.")] = 10,
    camera: Cameras = None,
    after: After = None,
    before: Before = None,
    pid: Pids = None,
    attribute: Attributes = None,
    group_by: Annotated[
        GroupChoice | None,
        typer.Option("--group-by", help="Each tracklet or person answers once."),
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Search exactly, also where there is an index.")
    ] = False,
    out: Annotated[Path | None, out_option("Parquet file for all answers.")] = None,
    flip: Flip = False,
    backend: BackendOption = BackendChoice.AUTO,
    device: Device = "auto",
    batch_size: BatchSize = 128,
    workers: LoaderWorkers = "auto",
    skip_unreadable: SkipUnreadable = False,
    as_json: Json = False,
) -> None:
    """Find who looks like the people in a folder of crops, or of embeddings."""
    if out is not None:
        check_out_file(out)
    how = Pass(model, device, batch_size, workers, Views(flip=flip), skip_unreadable, backend.value)
    where = conditions(camera, after, before, pid, attribute)
    source = open_source(images)
    from reid_data.files import replacing
    from reid_eval.gallery import Gallery

    with Gallery.open(gallery) as kept:
        source.check(kept.info(), how)
        queries = source.embedded(how)
        hits = kept.search(
            queries,
            top_k,
            where=where,
            group_by=None if group_by is None else group_by.value,
            approximate=False if exact else None,
        )
    frame = hits.to_frame()
    frame["query"] = queries.table["path"].to_numpy()[frame["query"]]
    if out is not None:
        with replacing(out) as temporary:
            frame.assign(attributes=frame["attributes"].map(str)).to_parquet(temporary)
    answers = [
        {str(name): _plain(value) for name, value in row.items()}
        for row in frame.to_dict("records")
    ]
    timed = any(row["timestamp"] is not None for row in answers)
    head = [_shown(row, timed=timed) for row in answers[:_SHOWN]]
    many = "1 query" if len(queries) == 1 else f"{len(queries):,} queries"
    title = f"{many}, {len(answers):,} answers, the first {len(head)}:"
    show(head, title=title, as_json=as_json, payload=answers)


def _shown(answer: dict[str, Any], *, timed: bool) -> dict[str, Any]:
    """What fits a terminal: names of files without their folders, times where there are any."""
    times = ("timestamp",) if timed else ()
    columns = ("query", "rank", "score", "id", "pid", "camid", *times, "path")
    names = {name: Path(answer[name]).name for name in ("query", "path")}
    return {name: answer[name] for name in columns} | names


def _plain(value: Any) -> Any:
    """NumPy's numbers as Python's, and what is not known as nothing."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and value != value else value
