"""``reid-eval embed``: images in, an embeddings folder out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reid_data.console import BatchSize, Device, Json, Out, SkipUnreadable, Workers, note, show
from reid_eval.cli.options import Flip, Model
from reid_eval.cli.sides import Pass, embed_sides

if TYPE_CHECKING:
    from reid_data.records import Records

__all__ = ["embed_command"]


def embed_command(
    out: Out,
    model: Model,
    data: Annotated[str, typer.Option("--data", help="Data set name, see `reid-data list`.")] = "",
    root: Annotated[
        Path | None, typer.Option("--root", help="Folder that holds the data set.")
    ] = None,
    split: Annotated[
        list[str] | None,
        typer.Option("--split", help="Only this split; may be repeated."),
    ] = None,
    images: Annotated[
        Path | None, typer.Option("--images", help="Folder of images, instead of a data set.")
    ] = None,
    flip: Flip = False,
    device: Device = "auto",
    batch_size: BatchSize = 128,
    workers: Workers = 2,
    skip_unreadable: SkipUnreadable = False,
    as_json: Json = False,
) -> None:
    """Embed a data set or a folder of images.

    Writes embeddings.npy, records.parquet, meta.json and paths.npy, all or none of them.
    """
    from reid_eval.embeddings import check_target

    check_target(out)
    records = _records(data, root, split or [], images)
    how = Pass(model, device, batch_size, workers, flip, skip_unreadable)
    done, _ = embed_sides({"images": records}, how)
    result = done["images"]
    result.save(out)
    payload = {**result.meta, "out": str(out), "count": len(result), "root": str(result.root)}
    row = {
        "embeddings": str(out),
        "images": len(result),
        "dimensions": result.dimension,
        "images/s": f"{result.meta['images_per_second']:,.0f}",
    }
    show([row], as_json=as_json, payload=payload)
    note(f"model {str(result.meta['fingerprint'])[:16]}")


def _records(data: str, root: Path | None, split: list[str], images: Path | None) -> Records:
    from reid_data.datasets import from_images, load_dataset

    if images is not None:
        if data or root is not None or split:
            raise ValueError("expected --images FOLDER, or --data NAME --root FOLDER, not both")
        return from_images(images, pids="optional")
    if not data or root is None:
        raise ValueError("expected --data NAME --root FOLDER, or --images FOLDER")
    records = load_dataset(data, root)
    return records.split(*split) if split else records
