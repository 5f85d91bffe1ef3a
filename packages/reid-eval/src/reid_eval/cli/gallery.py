"""``reid-eval gallery``: make, fill, search and prune a gallery of person crops."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reid_data.console import (
    BatchSize,
    Device,
    Json,
    LoaderWorkers,
    SkipUnreadable,
    application,
    progress,
    show,
)
from reid_eval.cli.gallery_index import index_command, index_if_large
from reid_eval.cli.gallery_input import Source, open_source, rows_of
from reid_eval.cli.gallery_options import Images, Place, StoredChoice
from reid_eval.cli.gallery_search import search_command
from reid_eval.cli.gallery_serve import serve_command
from reid_eval.cli.gallery_upkeep import (
    compact_command,
    delete_command,
    expire_command,
    export_command,
)
from reid_eval.cli.options import (
    BackendChoice,
    BackendOption,
    Flip,
    MetricChoice,
    MetricOption,
    Model,
)
from reid_eval.cli.sides import Pass
from reid_eval.views import Views

if TYPE_CHECKING:
    from reid_eval.embeddings import Embeddings
    from reid_eval.gallery import Gallery, GalleryInfo

__all__ = ["gallery_app"]

_ADD_ROWS = 1 << 14

gallery_app = application("Keep person crops, and find people in them by their looks.")


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
    fps: Annotated[
        float | None,
        typer.Option("--fps", help="Frames a second: the time of a row that only has a frame."),
    ] = None,
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
    source.check_times(fps)
    with _open_or_create(gallery, source, how) as kept:
        source.leave_out_present(kept, skip=skip_present)
        added = 0
        if len(source.side):
            added = _add(kept, source.embedded(how), keep_images=keep_images, fps=fps)
            index_if_large(kept)
        rows = kept.count()
    counts = {"gallery": gallery, "added": added, "rows": rows}
    show([counts], as_json=as_json)


gallery_app.command("search")(search_command)
gallery_app.command("delete")(delete_command)
gallery_app.command("expire")(expire_command)


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


gallery_app.command("export")(export_command)
gallery_app.command("compact")(compact_command)
gallery_app.command("index")(index_command)
gallery_app.command("serve")(serve_command)


def _add(kept: Gallery, embeddings: Embeddings, *, keep_images: bool, fps: float | None) -> int:
    """Add embeddings, so many at a time that progress is seen; returns how many."""
    with progress("adding", total=len(embeddings)) as advance:
        for start in range(0, len(embeddings), _ADD_ROWS):
            stop = min(start + _ADD_ROWS, len(embeddings))
            part = embeddings.take(range(start, stop))
            table = rows_of(part, keep_images=keep_images, fps=fps)
            kept.add(part.features, table, model=embeddings.meta)
            advance(len(part))
    return len(embeddings)


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


def _show_info(info: GalleryInfo, as_json: bool) -> None:
    span = "" if info.first is None else f"{info.first:,.10g} to {info.last:,.10g} s"
    facts = {
        "gallery": info.url,
        "rows": f"{info.rows:,}",
        "people": f"{info.people:,}",
        "cameras": ", ".join(map(str, info.cameras)),
        "times": span,
        "embedding": f"{info.dimension} numbers, {info.dtype}, {info.metric}",
        "model": str(info.model.get("fingerprint", ""))[:16],
        "size": "" if info.size is None else f"{info.size / 2**20:,.1f} MiB",
        "index": ""
        if info.index is None
        else f"{info.index.rows:,} rows, finds {info.index.recall:.1%}",
    }
    rows = [{"": name, "what it is": value or "none yet"} for name, value in facts.items()]
    show(rows, as_json=as_json, payload=asdict(info))
