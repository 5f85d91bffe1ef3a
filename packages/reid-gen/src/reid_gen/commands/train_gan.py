"""``reid-gen train-gan``: learn to draw people in other poses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reid_data.completion import complete_recipe
from reid_data.console import (
    Data,
    Device,
    Json,
    Out,
    Overrides,
    Root,
    Seed,
    Workers,
    note,
    progress,
    require,
    show,
)
from reid_gen.commands.posing import open_posed

__all__ = ["train_gan"]


def train_gan(
    data: Data,
    root: Root,
    out: Out,
    recipe: Annotated[
        str,
        typer.Option(
            "--recipe",
            help="patn (published), fast (small), or a .yaml file.",
            autocompletion=complete_recipe("reid_gen"),
        ),
    ] = "fast",
    overrides: Overrides = [],  # noqa: B006 - typer reads it, nothing changes it
    keypoints: Annotated[
        Path | None,
        typer.Option("--keypoints", help="Keypoints of the images; ROOT/keypoints.csv by default."),
    ] = None,
    pairs: Annotated[
        Path | None, typer.Option("--pairs", help="CSV of the pairs to learn from: from,to.")
    ] = None,
    perceptual: Annotated[
        str | None,
        typer.Option("--perceptual", help="VGG19's weights, FILE or hf://..., or: off."),
    ] = None,
    identity: Annotated[
        str | None,
        typer.Option("--identity", help="Re-ID model of the people, FOLDER or hf://..., or: off."),
    ] = None,
    skip_poseless: Annotated[
        bool, typer.Option("--skip-poseless", help="Leave out images without keypoints.")
    ] = False,
    seed: Seed = 0,
    device: Device = "auto",
    devices: Annotated[
        int, typer.Option("--devices", min=1, help="Training processes, one a device.")
    ] = 1,
    nodes: Annotated[int, typer.Option("--nodes", min=1, help="Machines.")] = 1,
    workers: Workers = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
    as_json: Json = False,
) -> None:
    """Train a generator on pairs of images of one person, each with its keypoints.

    OUT holds the generator, a picture of held-out pairs after each epoch (grids/, and in
    TensorBoard), and the state from which --resume goes on.
    """
    require("lightning", extra="reid-core[train]", for_what="reid-gen train-gan")
    from reid_data import load_dataset
    from reid_data.preprocess.pairs import read_pairs
    from reid_gen.generation.posed import named_pairs
    from reid_gen.generation.recipe import load_recipe
    from reid_gen.generation.training import check_terms, train_gan

    switches = [
        *_switch("perceptual", "weights", perceptual),
        *_switch("identity", "model", identity),
    ]
    chosen = load_recipe(recipe, [*overrides, *switches])
    check_terms(chosen)
    records = load_dataset(data, root).split("train")
    canvas = chosen.data.image_size
    images = open_posed(records, keypoints, root, canvas=canvas, skip_poseless=skip_poseless)
    given = None if pairs is None else named_pairs(images, read_pairs(pairs), source=pairs)
    try:
        result = train_gan(
            chosen,
            images,
            out=out,
            pairs=given,
            seed=seed,
            device=device,
            devices=devices,
            nodes=nodes,
            workers=workers,
            resume=resume,
            progress=progress,
        )
    except KeyboardInterrupt:
        note(f"interrupted; the same command with --resume goes on in {out}")
        raise
    values = {"epochs": result.epochs, "held-out SSIM": result.SSIM, "held-out L1": result.L1}
    told = {name: value if value is None else f"{value:.4g}" for name, value in values.items()}
    told["generator"] = str(result.folder)
    rows = [{"training": name, "": value} for name, value in told.items()]
    show(rows, as_json=as_json, payload=result.to_dict())


def _switch(term: str, key: str, value: str | None) -> list[str]:
    """Overrides that an option stands for: a network, or none."""
    if value is None:
        return []
    if value == "off":
        return [f"loss.{term}.weight=0", f"loss.{term}.{key}=none"]
    return [f"loss.{term}.{key}={value}"]
