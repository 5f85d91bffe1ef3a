"""``reid-data pairs``: pairs of images of one person."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reid_data.console import Json, Seed, show
from reid_data.preprocess.commands.common import AnyData, OutFile, Poses, load

__all__ = ["pairs"]


def pairs(
    keypoints: Poses,
    out: OutFile,
    data: AnyData = "",
    root: Annotated[
        Path | None,
        typer.Option("--root", help="Images: pair only these, by their identities."),
    ] = None,
    split: Annotated[
        str, typer.Option("--split", help="With --data: the split whose images are paired.")
    ] = "train",
    most: Annotated[
        int | None, typer.Option("--most", min=1, help="Keep a random sample (test: 12000).")
    ] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Pair the images of each person that show shoulders and hips, and write from,to."""
    from reid_data.preprocess.pairs import make_pairs, write_pairs
    from reid_data.preprocess.pose_files import read_poses

    if bool(data) != (root is not None):
        raise ValueError("--data and --root go together; without them names give the identities")
    found = read_poses(keypoints)
    records = load(data, root).split(split) if root is not None else None
    made = make_pairs(found, records=records, most=most, seed=seed)
    write_pairs(made, out)
    row = {"file": str(out), "pairs": len(made), "images": len(set(made.sources + made.targets))}
    show([row], title="Pairs", as_json=as_json)
