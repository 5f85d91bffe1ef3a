"""``reid-data lowres``: a data set at low resolution."""

from __future__ import annotations

from typing import Annotated

import typer

from reid_data.console import Json, Out, Root, SkipUnreadable, Workers, progress, show
from reid_data.preprocess.commands.common import AnyData, load

__all__ = ["lowres"]


def lowres(
    root: Root,
    out: Out,
    scale: Annotated[
        float, typer.Option("--scale", help="Divide both sides by this; 1 or more.")
    ] = 2.0,
    restore: Annotated[
        bool, typer.Option("--restore", help="Enlarge again: keep the sizes, lose the detail.")
    ] = False,
    data: AnyData = "",
    workers: Workers = 2,
    skip_unreadable: SkipUnreadable = False,
    as_json: Json = False,
) -> None:
    """Write a data set at low resolution: same names, antialiased bicubic."""
    from reid_data.preprocess.lowres import check_scale, write_low_resolution

    check_scale(scale)
    records = load(data, root)
    with progress("shrinking", total=records.table["path"].nunique()) as advance:
        done = write_low_resolution(
            records,
            out,
            scale=scale,
            restore=restore,
            workers=workers,
            skip_unreadable=skip_unreadable,
            advance=advance,
        )
    row = {"out": str(out), "scale": scale, "images": done.images, "other files": done.others}
    show([row | {"unreadable": len(done.unreadable)}], title="Low resolution", as_json=as_json)
