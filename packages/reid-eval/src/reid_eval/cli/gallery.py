"""``reid-eval gallery``: make, fill, search and prune a gallery of person crops."""

from __future__ import annotations

import time
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reid_data.console import (
    BatchSize,
    Device,
    Json,
    LoaderWorkers,
    SkipUnreadable,
    application,
    note,
    progress,
    show,
)
from reid_eval.cli.gallery_input import Source, attribute_values, open_source
from reid_eval.cli.gallery_serve import serve_command
from reid_eval.cli.options import (
    BackendChoice,
    BackendOption,
    Flip,
    MetricChoice,
    MetricOption,
    Model,
)
from reid_eval.cli.sides import Pass, check_out_file
from reid_eval.views import Views

if TYPE_CHECKING:
    from reid_eval.gallery import Filter, Gallery, GalleryInfo, IndexReport

__all__ = ["gallery_app"]

_ADD_ROWS = 1 << 14
_INDEX_FROM = 1_000_000
_SHOWN = 10

gallery_app = application("Keep person crops, and find people in them by their looks.")
gallery_app.command("serve")(serve_command)

Place = Annotated[
    str, typer.Argument(metavar="GALLERY", help="Folder, or milvus://host:port/collection.")
]
Images = Annotated[
    Path, typer.Argument(metavar="IMAGES", help="Folder of crops, or of their embeddings.")
]
Cameras = Annotated[
    list[int] | None, typer.Option("--camera", help="Only this camera; may be repeated.")
]
Pids = Annotated[list[int] | None, typer.Option("--pid", help="Only this person; may be repeated.")]
After = Annotated[float | None, typer.Option("--after", help="Only from this second on.")]
Before = Annotated[float | None, typer.Option("--before", help="Only before this second.")]
Attributes = Annotated[
    list[str] | None,
    typer.Option("--attribute", metavar="NAME=VALUE", help="Only with this; may be repeated."),
]


class GroupChoice(StrEnum):
    """``--group-by``."""

    TRACKLET = "tracklet"
    PID = "pid"


class StoredChoice(StrEnum):
    """``--dtype``."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"


@gallery_app.command("create")
def create_command(
    gallery: Place,
    dimension: Annotated[int, typer.Option("--dimension", min=1, help="Length of one embedding.")],
    metric: MetricOption = MetricChoice.COSINE,
    dtype: Annotated[
        StoredChoice, typer.Option("--dtype", help="float16 takes half the room.")
    ] = StoredChoice.FLOAT32,
    as_json: Json = False,
) -> None:
    """Make an empty gallery. What is added first decides which model it is for."""
    from reid_eval.gallery import Gallery

    with Gallery.create(
        gallery, dimension=dimension, metric=metric.value, dtype=dtype.value
    ) as made:
        _show_info(made.info(), as_json)


@gallery_app.command("add")
def add_command(
    gallery: Place,
    images: Images,
    model: Model = "",
    keep_images: Annotated[
        bool, typer.Option("--keep-images", help="Keep the pictures themselves as well.")
    ] = False,
    skip_present: Annotated[
        bool, typer.Option("--skip-present", help="Skip pictures that are there already.")
    ] = False,
    flip: Flip = False,
    backend: BackendOption = BackendChoice.AUTO,
    device: Device = "auto",
    batch_size: BatchSize = 128,
    workers: LoaderWorkers = "auto",
    skip_unreadable: SkipUnreadable = False,
    as_json: Json = False,
) -> None:
    """Add a folder of crops, which --model embeds, or an embeddings folder.

    A gallery that is not there yet is made for them.
    """
    how = Pass(model, device, batch_size, workers, Views(flip=flip), skip_unreadable, backend.value)
    source = open_source(images)
    with _open_or_create(gallery, source, how) as kept:
        embeddings = source.embedded(how)
        table = source.table(embeddings, keep_images=keep_images)
        added = 0
        with progress("adding", total=len(embeddings)) as advance:
            for start in range(0, len(embeddings), _ADD_ROWS):
                part = slice(start, start + _ADD_ROWS)
                ids = kept.add(
                    embeddings.features[part],
                    table[part],
                    model=embeddings.meta,
                    duplicates="skip" if skip_present else "refuse",
                )
                added += int((ids >= 0).sum())
                advance(len(ids))
        info = kept.info()
        if info.rows >= _INDEX_FROM and _is_outgrown(info):
            _build(kept)
    counts = {"gallery": gallery, "added": added, "rows": info.rows}
    show([counts], as_json=as_json)


@gallery_app.command("search")
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
    out: Annotated[Path | None, typer.Option("--out", help="Parquet file for all answers.")] = None,
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
    where = _where(camera, after, before, pid, attribute)
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
    columns = ("query", "rank", "score", "id", "pid", "camid", "timestamp", "path")
    head = [{name: row[name] for name in columns} for row in answers[:_SHOWN]]
    title = f"{len(queries):,} queries, {len(answers):,} answers"
    show(head, title=title, as_json=as_json, payload=answers)


@gallery_app.command("delete")
def delete_command(
    gallery: Place,
    pid: Annotated[int | None, typer.Option("--pid", help="A person, with all rows.")] = None,
    row: Annotated[list[int] | None, typer.Option("--id", help="A row; may be repeated.")] = None,
    as_json: Json = False,
) -> None:
    """Delete a person, or rows. `compact` then erases what the files still hold."""
    from reid_eval.gallery import Gallery

    with Gallery.open(gallery, "write") as kept:
        deleted = kept.delete(row or None, pid=pid)
        show([{"gallery": gallery, "deleted": deleted, "rows": kept.count()}], as_json=as_json)


@gallery_app.command("expire")
def expire_command(
    gallery: Place,
    before: Annotated[float | None, typer.Option("--before", help="Second before which.")] = None,
    days: Annotated[
        float | None, typer.Option("--days", min=0, help="Older than so many days from now.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Delete rows by age. Timestamps are seconds; --days takes them as seconds since 1970."""
    if (before is None) == (days is None):
        raise ValueError("expected --before SECOND or --days DAYS")
    limit = before if before is not None else time.time() - 86400 * (days or 0)
    from reid_eval.gallery import Gallery

    with Gallery.open(gallery, "write") as kept:
        deleted = kept.expire(limit)
        show([{"gallery": gallery, "deleted": deleted, "rows": kept.count()}], as_json=as_json)


@gallery_app.command("info")
def info_command(
    gallery: Place,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read everything and compare it with its checksums.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what a gallery holds."""
    from reid_eval.gallery import Gallery

    with Gallery.open(gallery) as kept:
        _show_info(kept.info(verify=verify), as_json)


@gallery_app.command("export")
def export_command(
    gallery: Place,
    out: Annotated[Path, typer.Option("--out", help="Embeddings folder to write.")],
    camera: Cameras = None,
    after: After = None,
    before: Before = None,
    pid: Pids = None,
    attribute: Attributes = None,
    as_json: Json = False,
) -> None:
    """Write rows as an embeddings folder."""
    where = _where(camera, after, before, pid, attribute)
    from reid_eval.gallery import Gallery

    with (
        Gallery.open(gallery) as kept,
        progress("exporting", total=kept.count(where)) as advance,
    ):
        written = kept.export(out, where=where, advance=advance)
    show([{"out": str(out), "rows": len(written)}], as_json=as_json)


@gallery_app.command("compact")
def compact_command(gallery: Place, as_json: Json = False) -> None:
    """Erase what was deleted and give back its room."""
    from reid_eval.gallery import Gallery

    with Gallery.open(gallery, "write") as kept:
        with progress("compacting", total=kept.count()) as advance:
            freed = kept.compact(advance=advance)
        info = kept.info()
        if info.rows >= _INDEX_FROM and info.index is None:
            _build(kept)
    show([{"gallery": gallery, "rows": info.rows, "bytes given back": freed}], as_json=as_json)


@gallery_app.command("index")
def index_command(gallery: Place, as_json: Json = False) -> None:
    """Build the approximate index, and say what share of exact answers it finds."""
    from reid_eval.gallery import Gallery

    with Gallery.open(gallery, "write") as kept:
        report = _build(kept)
    show([asdict(report)], as_json=as_json)


def _open_or_create(gallery: str, source: Source, how: Pass) -> Gallery:
    from reid_eval.gallery import Gallery

    if "://" in gallery or (Path(gallery).is_dir() and any(Path(gallery).iterdir())):
        kept = Gallery.open(gallery, "write")
        try:
            source.check(kept.info(), how)
        except BaseException:
            kept.close()
            raise
        return kept
    return Gallery.create(gallery, dimension=source.dimension(how))


def _build(gallery: Gallery) -> IndexReport:
    with progress("indexing", total=gallery.count()) as advance:
        report = gallery.build_index(advance=advance)
    note(
        f"{report.kind}: finds {report.recall:.1%} of the exact {report.top_k} best "
        f"({report.queries} queries), built in {report.seconds:.0f} s"
    )
    return report


def _is_outgrown(info: GalleryInfo) -> bool:
    """Whether most rows are newer than the index."""
    return info.index is None or 2 * info.index.rows < info.rows


def _where(
    cameras: list[int] | None,
    after: float | None,
    before: float | None,
    pids: list[int] | None,
    attributes: list[str] | None,
) -> Filter:
    from reid_eval.gallery import Filter

    return Filter(cameras or None, after, before, pids or None, attribute_values(attributes or []))


def _show_info(info: GalleryInfo, as_json: bool) -> None:
    facts = asdict(info)
    row = {
        "gallery": info.url,
        "rows": info.rows,
        "people": info.people,
        "cameras": len(info.cameras),
        "dimension": info.dimension,
        "metric": info.metric,
        "dtype": info.dtype,
        "model": str(info.model.get("fingerprint", ""))[:16],
        "index": "" if info.index is None else f"{info.index.recall:.1%}",
    }
    show([row], as_json=as_json, payload=facts)


def _plain(value: Any) -> Any:
    """NumPy's numbers as Python's, and what is not known as nothing."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and value != value else value
