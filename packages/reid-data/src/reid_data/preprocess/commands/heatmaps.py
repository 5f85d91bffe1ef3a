"""``reid-data heatmaps``: heatmaps of poses on disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reid_data.console import BatchSize, Device, Json, Out, Workers, progress, show
from reid_data.preprocess.commands.common import AnyData, Poses, load

if TYPE_CHECKING:
    from reid_data.preprocess import poses as pose_arrays

__all__ = ["heatmaps"]


def heatmaps(
    keypoints: Poses,
    out: Out,
    parts: Annotated[
        bool, typer.Option("--parts", help="Ten body parts rather than 18 joints.")
    ] = False,
    size: Annotated[
        tuple[int, int], typer.Option("--size", help="Height and width of the canvas.")
    ] = (128, 64),
    sigma: Annotated[
        float | None,
        typer.Option("--sigma", help="Pixels; 6 for joints, 2 for the rim of parts."),
    ] = None,
    half: Annotated[bool, typer.Option("--half", help="Write float16.")] = False,
    data: AnyData = "",
    root: Annotated[
        Path | None,
        typer.Option(
            "--root", help="Images, whose sizes scale joints; by default --size is theirs."
        ),
    ] = None,
    device: Device = "auto",
    batch_size: BatchSize = 64,
    workers: Workers = 2,
    as_json: Json = False,
) -> None:
    """Write a heatmap .npy (height, width, channels) for each pose; training can do without."""
    import torch

    from reid_data.preprocess.heatmaps import write_heatmaps

    if min(size) < 1:
        raise ValueError(f"--size must be positive, came {size[0]} {size[1]}")
    chosen = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    found = _sized(keypoints, size, data, root, workers)
    with progress("heatmaps", total=len(found)) as advance:
        written = write_heatmaps(
            found,
            out,
            kind="parts" if parts else "joints",
            size=size,
            sigma=sigma,
            half=half,
            device=chosen,
            batch_size=batch_size,
            advance=advance,
        )
    shape = f"{size[0]}x{size[1]}x{10 if parts else 18}"
    show([{"out": str(out), "files": written, "shape": shape}], title="Heatmaps", as_json=as_json)


def _sized(
    keypoints: Path, size: tuple[int, int], data: str, root: Path | None, workers: int
) -> pose_arrays.Poses:
    """The poses with the sizes of their images: measured, or else those of the canvas."""
    from reid_data.preprocess.pose_files import read_poses

    found = read_poses(keypoints)
    if root is None:
        return found.with_sizes(size)
    from reid_data.preprocess.pose_labels import poses_of

    return poses_of(found, load(data, root), workers=workers)
