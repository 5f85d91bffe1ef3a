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
    model: Annotated[
        str, typer.Option("--model", help="Extractor of FID and KID: a re-ID model.")
    ] = "",
    extractor: Annotated[
        str, typer.Option("--extractor", help="What the extractor is called in the table.")
    ] = "reid",
    height: Annotated[int, typer.Option("--height", min=8, help="Compare at this height.")] = 128,
    width: Annotated[int, typer.Option("--width", min=8, help="Compare at this width.")] = 64,
    most: Annotated[int, typer.Option("--most", min=2, help="Images of each set for FID.")] = 3000,
    seed: Seed = 0,
    device: Device = "auto",
    batch_size: BatchSize = 64,
    as_json: Json = False,
) -> None:
    """Measure SSIM, L1 and PSNR of pairs, and FID, KID and identity with a re-ID model.

    Pairs are found by the manifest's targets or by names; rank-1 needs a manifest, and targets
    whose names begin with the identity. Each score says how it was made.
    """
    from dataclasses import asdict

    from reid_data import from_images
    from reid_gen.manifest import MANIFEST, as_records, read_manifest
    from reid_gen.scoring.identity import identity_score
    from reid_gen.scoring.pairing import image_files, pair_images
    from reid_gen.scoring.score import Score, distribution_scores, pair_scores

    fakes, targets = image_files(fake), image_files(target)
    pairs, scores = pair_images(fake, target), list[Score]()
    if not pairs and not model:
        raise ValueError(
            f"no image of {fake} has a target of its name in {target}; "
            "give --model for FID and KID, which need no pairs"
        )
    if pairs:
        if len(pairs) < len(fakes):
            note(f"{len(fakes) - len(pairs)} of {len(fakes)} images have no target: left out")
        with progress("pairs", total=len(pairs)) as advance:
            scores += pair_scores(
                pairs, size=(height, width), batch_size=batch_size, advance=advance
            )
    if model:
        from reid_eval import load_embedder

        embedder = load_embedder(model, device=device)
        with progress("features", total=None) as advance:
            scores += distribution_scores(
                *(fakes, targets, embedder),
                name=extractor,
                most=most,
                seed=seed,
                batch_size=batch_size,
                advance=advance,
            )
        if (fake / MANIFEST).is_file():
            real = from_images(target, pids="optional")
            if (real.pids >= 0).any():
                claimed = as_records(read_manifest(fake), fake)
                scores.append(identity_score(claimed, real, embedder, name=extractor))
    rows = [asdict(found) for found in scores]
    show(rows, title=f"{fake} against {target}", as_json=as_json, payload=rows)
