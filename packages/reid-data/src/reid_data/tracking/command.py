"""The verb ``reid-data crops``."""

from __future__ import annotations

from typing import Annotated

import typer

from reid_data.console import Json, Out, Root, Workers, note, progress, show

__all__ = ["crops"]


def crops(
    root: Root,
    out: Out,
    min_visibility: Annotated[
        float, typer.Option(min=0, max=1, help="Leave out who is seen less; 1 is all of a person.")
    ] = 0.25,
    min_height: Annotated[int, typer.Option(min=1, help="Leave out smaller boxes, pixels.")] = 32,
    every: Annotated[int, typer.Option(min=1, help="Take each so manieth frame.")] = 1,
    workers: Workers = 2,
    as_json: Json = False,
) -> None:
    """Cut people out of tracking sequences (MOT17, MOT20, DanceTrack, SportsMOT) by their boxes.

    A sequence has a folder of frames or one video file.
    """
    from dataclasses import asdict

    from reid_data.preprocess.outputs import check_new
    from reid_data.summary import summarise
    from reid_data.tracking.cutting import TABLE, cut_crops, plan_crops

    check_new(out)
    plan = plan_crops(root, min_visibility=min_visibility, min_height=min_height, every=every)
    with progress("cutting", total=len(plan)) as advance:
        records = cut_crops(plan, out, workers=workers, advance=advance)
    rows = [asdict(summary) for summary in summarise(records)]
    columns = ("split", "identities", "images", "images_per_identity")
    table = [{name: row[name] for name in columns} for row in rows]
    show(table, title=f"Crops in {out}", as_json=as_json, payload=rows)
    note(f"read them with: --data csv --root {out / TABLE}")
