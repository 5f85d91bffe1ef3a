"""``reid-eval embed``: images in, an embeddings folder out."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reid_data.console import (
    BatchSize,
    Device,
    Json,
    LoaderWorkers,
    Out,
    SkipUnreadable,
    note,
    progress,
    show,
)
from reid_eval.cli.options import (
    BackendChoice,
    BackendOption,
    FiveCrops,
    Flip,
    Model,
    Scales,
    SomeData,
    SomeRoot,
)
from reid_eval.cli.ranks import joined
from reid_eval.cli.sides import Pass, accelerated, open_model
from reid_eval.views import Views

if TYPE_CHECKING:
    from reid_data.records import Records
    from reid_eval.embeddings import Embeddings

__all__ = ["embed_command"]


def embed_command(
    out: Out,
    model: Model,
    data: SomeData = "",
    root: SomeRoot = None,
    split: Annotated[
        list[str] | None,
        typer.Option("--split", help="Only this split; may be repeated."),
    ] = None,
    images: Annotated[
        Path | None, typer.Option("--images", help="Folder of images, instead of a data set.")
    ] = None,
    flip: Flip = False,
    scales: Scales = "1",
    five_crops: FiveCrops = False,
    centroids: Annotated[
        bool, typer.Option("--centroids", help="One row a person: the mean over their images.")
    ] = False,
    backend: BackendOption = BackendChoice.AUTO,
    device: Device = "auto",
    batch_size: BatchSize = 128,
    workers: LoaderWorkers = "auto",
    skip_unreadable: SkipUnreadable = False,
    as_json: Json = False,
) -> None:
    """Embed a data set or a folder of images.

    Writes embeddings.npy, records.parquet, meta.json and paths.npy, all or none of them. When it
    was killed, the same command goes on where it was. Under torchrun the processes share the work.
    """
    views = Views(flip=flip, scales=_numbers(scales), five_crops=five_crops)
    from reid_eval.embeddings import check_target

    check_target(out)
    records = _records(data, root, split or [], images)
    with joined(device) as ranks:
        how = Pass(model, ranks.device, batch_size, workers, views, skip_unreadable, backend.value)
        embedder = accelerated(open_model(how, needed_for="images"), [records], how)
        from reid_eval.extraction import embed_to

        first = ranks.rank == 0
        share = -(-len(records) // ranks.world_size)
        with progress("images", total=share) if first else nullcontext() as advance:
            result = embed_to(
                out,
                embedder,
                records,
                batch_size=batch_size,
                workers=workers,
                views=views,
                skip_unreadable=skip_unreadable,
                advance=advance,
                rank=ranks.rank,
                world_size=ranks.world_size,
                wait_for_all=ranks.wait_for_all,
            )
    if not first:
        return
    if centroids:
        result = _averaged(result, out)
    if dropped := result.meta["unreadable"]:
        note(f"{dropped} unreadable image(s) left out")
    payload = {**result.meta, "out": str(out), "count": len(result), "root": str(result.root)}
    row = {
        "embeddings": str(out),
        "people" if centroids else "images": len(result),
        "dimensions": result.dimension,
        "images/s": f"{result.meta['images_per_second']:,.0f}",
    }
    show([row], as_json=as_json, payload=payload)
    note(f"model {str(result.meta['fingerprint'])[:16]}")
    if chosen := result.meta["embedder"].get("backend"):
        agreement = chosen["agreement"]
        note(
            f"{chosen['backend']} in {chosen['precision']}: {chosen['speedup']:.1f} times torch, "
            f"agrees to {agreement['mean']:.4f} (worst {agreement['worst']:.4f})"
        )


def _averaged(images: Embeddings, out: Path) -> Embeddings:
    """Put the centroids in the place of the images' embeddings."""
    from reid_eval.protocols import centroids

    result = centroids(images)
    result.save(out)
    return result


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise ValueError(f"--scales must be numbers such as 0.9,1,1.1, not {text!r}") from error


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
