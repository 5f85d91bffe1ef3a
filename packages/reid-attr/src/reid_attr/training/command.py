"""The verb `train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reid_attr.options import AttributeSet, Images
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
    show,
)

__all__ = ["train"]


def train(
    data: Data,
    root: Root,
    out: Out,
    recipe: Annotated[
        str,
        typer.Option(
            "--recipe",
            help="A recipe's name, or a .yaml file.",
            autocompletion=complete_recipe("reid_attr"),
        ),
    ] = "small",
    overrides: Overrides = [],  # noqa: B006 - typer reads it, nothing changes it
    images: Images = None,
    attributes: AttributeSet = None,
    init_from: Annotated[
        Path | None, typer.Option("--init-from", help="Start with the model in this folder.")
    ] = None,
    finetune: Annotated[
        str | None,
        typer.Option("--finetune", help="full, partial, cross-fusion, head or adapter."),
    ] = None,
    seed: Seed = 0,
    device: Device = "auto",
    devices: Annotated[
        int, typer.Option("--devices", min=1, help="Training processes, one a device.")
    ] = 1,
    workers: Workers = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
    as_json: Json = False,
) -> None:
    """Train a model on images with attributes; keep the epoch with the best validation mA."""
    from reid_attr.schema_files import load_schema
    from reid_attr.training.fit import train_attributes
    from reid_attr.training.images import load_images
    from reid_attr.training.recipe import load_recipe

    changes = [*overrides, *([f"finetune={finetune}"] if finetune else [])]
    chosen = load_recipe(recipe, changes)
    found = load_images(
        data,
        root,
        schema=load_schema(chosen.data.schema_name),
        images=images,
        people=chosen.data.people,
        attributes=attributes,
    )
    try:
        result = train_attributes(
            chosen,
            found,
            out=out,
            seed=seed,
            device=device,
            workers=workers,
            devices=devices,
            resume=resume,
            init_from=init_from,
            progress=progress,
        )
    except KeyboardInterrupt:
        note(f"interrupted; the same command with --resume goes on in {out}")
        raise
    rows = [
        {"training": "epochs", "": str(result.epochs)},
        {"training": "kept epoch", "": str(result.best_epoch)},
        {"training": "validation mA", "": f"{result.mA:.4f}"},
        {"training": "validation F1", "": f"{result.F1:.4f}"},
        {"training": "checkpoint", "": str(result.folder)},
    ]
    show(rows, as_json=as_json, payload=result.to_dict())
