"""``reid-gen score``: how good generated images are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reid_data.console import BatchSize, Device, Json, Seed, note, progress, show

__all__ = ["score"]


def score(
    fake: Annotated[Path, typer.Argument(help="Generated images: a folder or a generated set.")],
    target: Annotated[Path, typer.Argument(help="Folder of the images that they should be.")],
    keypoints: Annotated[
        Path | None, typer.Option("--keypoints", help="Of the targets, for mask-SSIM and PCKh.")
    ] = None,
    found: Annotated[
        Path | None,
        typer.Option("--found", help="Keypoints read from the generated images, for PCKh."),
    ] = None,
    lpips: Annotated[
        Path | None, typer.Option("--lpips", help="File of AlexNet's weights (torchvision's).")
    ] = None,
    model: Annotated[
        str, typer.Option("--model", help="A re-ID model: extractor of FID and KID, and rank-1.")
    ] = "",
    extractor: Annotated[
        str, typer.Option("--extractor", help="What that model is called in the table.")
    ] = "reid",
    inception: Annotated[
        Path | None,
        typer.Option("--inception", help="File of Inception's weights, FID's or torchvision's."),
    ] = None,
    detector: Annotated[
        str, typer.Option("--detector", help="torchvision detector that looks for people.")
    ] = "fasterrcnn_mobilenet_v3_large_320_fpn",
    detector_weights: Annotated[
        Path | None, typer.Option("--detector-weights", help="File of its weights.")
    ] = None,
    height: Annotated[int, typer.Option("--height", min=8, help="Compare at this height.")] = 128,
    width: Annotated[int, typer.Option("--width", min=8, help="Compare at this width.")] = 64,
    most: Annotated[int, typer.Option("--most", min=2, help="Images of each set for FID.")] = 3000,
    seed: Seed = 0,
    device: Device = "auto",
    batch_size: BatchSize = 64,
    as_json: Json = False,
) -> None:
    """Measure SSIM, L1 and PSNR of pairs, and whatever else the files that are given allow.

    Pairs are found by the manifest's targets or by names; rank-1 needs a manifest, and targets
    whose names begin with the identity. Each score says how it was made. No weights are fetched.
    """
    from dataclasses import asdict

    from reid_gen.scoring.asking import Networks, ask_pairs, ask_sets

    if found is not None and keypoints is None:
        raise ValueError("--found is compared with the poses asked for, --keypoints, not given")
    networks = Networks(model, extractor, inception, lpips, detector, detector_weights, device)
    size = height, width
    with progress("pairs", total=None) as advance:
        scores = ask_pairs(
            *(fake, target, networks),
            size=size,
            keypoints=keypoints,
            found=found,
            batch_size=batch_size,
            note=note,
            advance=advance,
        )
    with progress("features", total=None) as advance:
        scores += ask_sets(
            *(fake, target, networks),
            size=size,
            most=most,
            seed=seed,
            batch_size=batch_size,
            advance=advance,
        )
    rows = [asdict(one) for one in scores]
    show(rows, title=f"{fake} against {target}", as_json=as_json, payload=rows)
