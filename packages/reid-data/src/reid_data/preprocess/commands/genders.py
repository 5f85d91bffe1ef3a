"""``reid-data genders``: a gender table checked against a data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reid_data.console import Data, Json, Root, note, show
from reid_data.preprocess.commands.common import OutFile

if TYPE_CHECKING:
    from reid_data.preprocess.genders import Numbering

__all__ = ["genders"]


def genders(
    table: Annotated[
        Path, typer.Option("--table", help="Gender table: Category,ID,Gender (1 is male).")
    ],
    data: Data,
    root: Root,
    out: OutFile,
    split: Annotated[
        str, typer.Option("--split", help="The split whose identities are looked up.")
    ] = "train",
    labels: Annotated[
        bool,
        typer.Option("--labels", help="The table numbers identities 0, 1, .. (Market's does)."),
    ] = False,
    outfits: Annotated[
        Path | None,
        typer.Option("--outfits", help="Also write who has which outfits: Category,ID,Clothes."),
    ] = None,
    header: Annotated[bool, typer.Option(help="Write the header line.")] = True,
    as_json: Json = False,
) -> None:
    """Look up the gender of each identity of a split, and write them by pid in the same form."""
    from dataclasses import replace

    import numpy as np

    from reid_data.datasets import load_dataset
    from reid_data.preprocess.genders import (
        FEMALE,
        MALE,
        UNKNOWN,
        gender_table,
        genders_of,
        read_genders,
        write_genders,
    )
    from reid_data.preprocess.outfits import outfit_rows, write_outfits
    from reid_data.preprocess.published import Style

    published = read_genders(table)
    records = load_dataset(data, root).split(split)
    numbering: Numbering = "label" if labels else "pid"
    pids, first = np.unique(records.pids, return_index=True)
    found = genders_of(records, published, numbering=numbering)[first]
    digits = max(len(str(pids.max())), 3)
    written = gender_table(pids, found, category=split, digits=digits)
    if not len(written):
        raise ValueError(
            f"{table} names none of the {len(pids)} identities of split {split}; if it numbers "
            "them 0, 1, .. give --labels"
        )
    if outfits is not None:
        rows = outfit_rows(records, category=split, digits=digits)
        write_outfits(outfits, rows, header=header)
    write_genders(written if header else replace(written, style=Style()), out)
    missing = pids[found == UNKNOWN].tolist()
    row = {
        "identities": len(pids),
        "male": int((found == MALE).sum()),
        "female": int((found == FEMALE).sum()),
        "not in the table": len(missing),
    }
    show([row], title=f"Genders in {out}", as_json=as_json, payload=row | {"missing": missing})
    if missing:
        note(f"{len(missing)} identities have no gender: {', '.join(map(str, missing[:10]))}")
