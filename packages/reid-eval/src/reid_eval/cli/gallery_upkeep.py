"""Verbs that prune a gallery, and hand out what it holds."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reid_data.console import Json, out_option, progress, show
from reid_eval.cli.gallery_index import index_if_large
from reid_eval.cli.gallery_options import (
    After,
    Attributes,
    Before,
    Cameras,
    Pids,
    Place,
    conditions,
)

if TYPE_CHECKING:
    from reid_eval.gallery import GalleryInfo

__all__ = ["compact_command", "delete_command", "expire_command", "export_command"]

_LONG_AGO = 1e8  # seconds since 1970: no camera that a gallery is of recorded in 1973


def delete_command(
    gallery: Place,
    pid: Annotated[int | None, typer.Option("--pid", help="A person, with all rows.")] = None,
    row: Annotated[list[int] | None, typer.Option("--id", help="A row; may be repeated.")] = None,
    as_json: Json = False,
) -> None:
    """Delete a person, or rows. `compact` then erases what the files still hold."""
    if (pid is None) == (not row):
        raise ValueError("expected --pid PERSON or --id ROW")
    from reid_eval.gallery import Gallery

    with Gallery.open(gallery, "write") as kept:
        deleted = kept.delete(row or None, pid=pid)
        show([{"gallery": gallery, "deleted": deleted, "rows": kept.count()}], as_json=as_json)


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
        if days is not None:
            _check_calendar(kept.info())
        deleted = kept.expire(limit)
        show([{"gallery": gallery, "deleted": deleted, "rows": kept.count()}], as_json=as_json)


def export_command(
    gallery: Place,
    out: Annotated[Path, out_option("Embeddings folder to write.")],
    camera: Cameras = None,
    after: After = None,
    before: Before = None,
    pid: Pids = None,
    attribute: Attributes = None,
    as_json: Json = False,
) -> None:
    """Write rows as an embeddings folder."""
    where = conditions(camera, after, before, pid, attribute)
    from reid_eval.gallery import Gallery

    with (
        Gallery.open(gallery) as kept,
        progress("exporting", total=kept.count(where)) as advance,
    ):
        written = kept.export(out, where=where, advance=advance)
    show([{"out": str(out), "rows": len(written)}], as_json=as_json)


def compact_command(gallery: Place, as_json: Json = False) -> None:
    """Erase what was deleted and give back its room."""
    from reid_eval.gallery import Gallery

    with Gallery.open(gallery, "write") as kept:
        with progress("compacting", total=kept.count()) as advance:
            freed = kept.compact(advance=advance)
        index_if_large(kept)
        rows = kept.count()
    show([{"gallery": gallery, "rows": rows, "bytes given back": freed}], as_json=as_json)


def _check_calendar(info: GalleryInfo) -> None:
    """Refuse to compare today's date with times that count from a recording's beginning.

    Raises:
        ValueError: says what to do.
    """
    if info.last is not None and info.last < _LONG_AGO:
        raise ValueError(
            f"--days takes times as seconds since 1970, but the latest here is {info.last:,.10g}: "
            "everything would be deleted; use --before SECOND"
        )
