"""The verb ``reid-data unpack``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reid_data.console import Json, Out, Workers, note, progress, show

__all__ = ["unpack"]


def unpack(
    root: Annotated[Path, typer.Option("--root", help="cuhk-03.mat, or the folder it is in.")],
    out: Out,
    workers: Workers = 2,
    as_json: Json = False,
) -> None:
    """Take the images out of CUHK03's cuhk-03.mat, into a folder that `--data cuhk03` reads."""
    from reid_data.datasets.cuhk03_release import RELEASE, find_release, unpack_cuhk03
    from reid_data.preprocess.outputs import check_new

    check_new(out)
    path = find_release(root.expanduser())
    if path is None:
        raise ValueError(f"expected {RELEASE} in {root}; there is no such file")
    with progress("unpacking", total=None) as advance:
        done = unpack_cuhk03(path, out, workers=workers, advance=advance)
    row = {"folder": str(out), **done.images, "classic divisions": done.divisions}
    row["new protocol"] = ", ".join(done.configurations) or "not found"
    show([row], title=str(path), as_json=as_json)
    if not done.configurations:
        note(
            f"put cuhk03_new_protocol_config_detected.mat and ..._labeled.mat into {out} for the "
            "new protocol, or read the classic one: --data cuhk03:protocol=classic,split=0"
        )
