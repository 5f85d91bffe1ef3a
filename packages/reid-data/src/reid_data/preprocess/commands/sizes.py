"""``reid-data sizes``: the table of image sizes."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from reid_data.console import Json, Root, SkipUnreadable, Workers, progress, show
from reid_data.preprocess.commands.common import AnyData, Naming, OutFile, load

__all__ = ["sizes"]


def sizes(
    root: Root,
    out: OutFile,
    data: AnyData = "",
    naming: Naming = "stem",
    header: Annotated[bool, typer.Option(help="Write the header line.")] = True,
    workers: Workers = 2,
    skip_unreadable: SkipUnreadable = False,
    as_json: Json = False,
) -> None:
    """Write into which of five buckets each image's short side falls, one-hot."""
    import numpy as np

    from reid_data.preprocess.naming import check_naming
    from reid_data.preprocess.published import Style
    from reid_data.preprocess.sizes import BUCKETS, size_table, write_sizes

    names = check_naming(naming)
    records = load(data, root)
    with progress("measuring", total=len(records)) as advance:
        table = size_table(
            records,
            naming=names,
            workers=workers,
            skip_unreadable=skip_unreadable,
            advance=advance,
        )
    write_sizes(table if header else replace(table, style=Style()), out)
    counts = np.bincount(table.buckets, minlength=len(BUCKETS)).tolist()
    rows = [
        {"short side": name, "images": number} for name, number in zip(BUCKETS, counts, strict=True)
    ]
    payload = {
        "out": str(out),
        "images": len(table),
        "buckets": dict(zip(BUCKETS, counts, strict=True)),
    }
    show(rows, title=f"Sizes of {len(table)} images", as_json=as_json, payload=payload)
