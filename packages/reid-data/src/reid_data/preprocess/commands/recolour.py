"""``reid-data recolour``: people in other clothes, by the masks of what they wear."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reid_data.console import Data, Json, Out, Root, Seed, SkipUnreadable, Workers, progress, show
from reid_data.preprocess.commands.common import Naming

if TYPE_CHECKING:
    from reid_data.preprocess.mask_folder import MaskFolder
    from reid_data.records import Records

__all__ = ["recolour"]


def recolour(
    masks: Annotated[
        Path, typer.Option("--masks", help="Folder of masks, as `reid-data masks` writes them.")
    ],
    data: Data,
    root: Root,
    out: Out,
    split: Annotated[
        str, typer.Option("--split", help="The split whose images are recoloured.")
    ] = "train",
    faulty: Annotated[
        Path | None,
        typer.Option(
            "--faulty", help="List of images whose masks are faulty: one colour over all clothes."
        ),
    ] = None,
    six: Annotated[
        bool, typer.Option("--six", help="The six colours published for LaST, not all nine.")
    ] = False,
    full: Annotated[
        float, typer.Option("--full", min=0, max=1, help="How often arms or legs join in.")
    ] = 0.0,
    overlays: Annotated[
        int,
        typer.Option("--overlays", min=0, help="Show so many images, masks and draws: a sheet."),
    ] = 0,
    naming: Naming = "stem",
    seed: Seed = 0,
    workers: Workers = 2,
    skip_unreadable: SkipUnreadable = False,
    as_json: Json = False,
) -> None:
    """Write each image once in other clothes, with outfit ids of its own in records.csv.

    Training with recolouring needs the masks only and draws new colours in every epoch; this is to
    look at them, and for methods of your own.
    """
    from PIL import Image

    from reid_data.datasets import load_dataset
    from reid_data.preprocess.mask_folder import MaskFolder
    from reid_data.preprocess.naming import check_naming
    from reid_data.preprocess.outfits import outfits_of
    from reid_data.preprocess.outputs import check_new
    from reid_data.preprocess.published import read_names
    from reid_data.preprocess.recolour import (
        COLOURS,
        LAST_COLOURS,
        Recolouring,
        write_recoloured,
    )
    from reid_data.preprocess.recolour_overlays import recolour_sheet

    check_new(out)
    colours = LAST_COLOURS if six else COLOURS
    how = Recolouring(tuple(colours.values()), full=full)
    names = read_names(faulty) if faulty is not None else ()
    folder = MaskFolder(masks, naming=check_naming(naming))
    records = load_dataset(data, root).split(split)
    outfits_of(records)  # refuses records without outfits before the masks are measured
    _check(records, folder, faulty=bool(names), full=bool(full), workers=workers)
    sheet = (
        recolour_sheet(records, folder, recolouring=how, images=overlays, seed=seed)
        if overlays
        else None
    )
    with progress("recolouring", total=records.table["path"].nunique()) as advance:
        new = write_recoloured(
            records,
            folder,
            out,
            recolouring=how,
            faulty=names,
            seed=seed,
            workers=workers,
            skip_unreadable=skip_unreadable,
            advance=advance,
        )
    row = {"out": str(out), "images": len(new), "outfits": new.table["clothes_id"].nunique()}
    if sheet is not None:
        # Beside the folder: whoever reads that takes every picture in it for a person.
        place = out.with_name(f"{out.name}-overlays.png")
        Image.fromarray(sheet).save(place)
        row["overlays"] = str(place)
    show([row], title="Recoloured", as_json=as_json, payload=row)


def _check(records: Records, folder: MaskFolder, *, faulty: bool, full: bool, workers: int) -> None:
    """Refuse records that have not all the masks that will be asked for."""
    from reid_data.preprocess.mask_checks import check_masks
    from reid_data.preprocess.masks import Kind

    kinds: list[Kind] = ["shirt", "pant"]
    kinds += ["clothes"] if faulty else []
    kinds += ["full_shirt", "full_pant"] if full else []
    with progress("masks", total=None) as advance:
        check = check_masks(records, folder, kinds=kinds, workers=workers, advance=advance)
    if not check.ok:
        raise ValueError(str(check))
