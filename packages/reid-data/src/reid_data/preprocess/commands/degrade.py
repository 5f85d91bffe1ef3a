"""``reid-data degrade``: a data set of low quality."""

from __future__ import annotations

from typing import Annotated

import typer

from reid_data.console import Json, Out, Root, Seed, SkipUnreadable, Workers, progress, show
from reid_data.preprocess.commands.common import AnyData, load

__all__ = ["degrade"]


def degrade(
    root: Root,
    out: Out,
    mixture: Annotated[
        str,
        typer.Option(
            "--mixture",
            help="all, ltcc, prcc, plain, or weights such as pixelation=0.5,motion=0.3,jpeg=0.2; "
            "kinds: none pixelation motion defocus gaussian noise jpeg.",
        ),
    ] = "all",
    data: AnyData = "",
    seed: Seed = 0,
    workers: Workers = 2,
    skip_unreadable: SkipUnreadable = False,
    as_json: Json = False,
) -> None:
    """Write a low-quality copy of a data set; its damages.csv says what was done to each image."""
    from reid_data.preprocess.damages import parse_mixture
    from reid_data.preprocess.degrade import write_degraded

    chosen = parse_mixture(mixture)
    records = load(data, root)
    with progress("degrading", total=records.table["path"].nunique()) as advance:
        done = write_degraded(
            records,
            out,
            mixture=chosen,
            seed=seed,
            workers=workers,
            skip_unreadable=skip_unreadable,
            advance=advance,
        )
    row = {"out": str(out), "mixture": mixture, "images": done.images, "other files": done.others}
    show([row | {"unreadable": len(done.unreadable)}], title="Low quality", as_json=as_json)
