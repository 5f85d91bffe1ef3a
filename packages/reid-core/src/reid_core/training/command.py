"""The verbs `train` and `recipes`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from reid_data.console import (
    Data,
    Device,
    Json,
    Out,
    Overrides,
    Root,
    SkipUnreadable,
    Workers,
    note,
    progress,
    require,
    show,
)

if TYPE_CHECKING:
    from reid_core.training.run_folder import TrainingResult

__all__ = ["recipes", "train"]


def train(
    data: Data,
    root: Root,
    out: Out,
    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe", help="A name, see `reid-core recipes`, or a .yaml file. [baseline]"
        ),
    ] = None,
    overrides: Overrides = [],  # noqa: B006 - typer reads it, nothing changes it
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Seed of everything random. [0]")
    ] = None,
    device: Device = "auto",
    workers: Workers = 2,
    devices: Annotated[
        int, typer.Option("--devices", min=1, help="Training processes, one a device.")
    ] = 1,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with the run in --out, with its recipe and seed."),
    ] = False,
    skip_unreadable: SkipUnreadable = False,
    as_json: Json = False,
) -> None:
    """Train a network; the epoch that is best on held-out training identities is kept."""
    from reid_core.training.recipe_files import load_recipe
    from reid_core.training.run_folder import RunFolder

    folder = RunFolder(out)
    if resume:
        chosen = load_recipe(recipe, overrides) if recipe else folder.load_recipe(overrides)
        seed = folder.seed if seed is None else seed
        if folder.result is not None:
            note(f"{out} is finished already; nothing to resume")
    else:
        chosen = load_recipe(recipe or "baseline", overrides)
        folder.check_new()
    require("lightning", extra="reid-core[train]", for_what="reid-core train")
    from reid_core.training import fit
    from reid_core.training.progress import TrainingProgress
    from reid_data import load_dataset

    try:
        result = fit.train(
            chosen,
            load_dataset(data, root),
            out=out,
            seed=seed or 0,
            device=device,
            workers=workers,
            devices=devices,
            resume=resume,
            skip_unreadable=skip_unreadable,
            callbacks=[TrainingProgress(progress)],
            progress=progress,
        )
    except KeyboardInterrupt:
        note(f"interrupted; the same command with --resume goes on in {out}")
        raise
    show(_rows(result), as_json=as_json, payload=result.to_dict())


def _rows(result: TrainingResult) -> list[dict[str, str]]:
    def figure(value: float | None, form: str) -> str:
        return "not measured" if value is None else format(value, form)

    folder = result.folder
    values = {
        "epochs": str(result.epochs),
        "kept epoch": str(result.best_epoch),
        "validation mAP": figure(result.mAP, ".3f"),
        "validation Rank-1": figure(result.rank1, ".3f"),
        "training speed": figure(result.images_per_second, ",.0f") + " images/s",
        "checkpoint": str(folder),
        "metrics": str(folder / "metrics.csv"),
        "TensorBoard": str(folder / "tensorboard"),
    }
    return [{"training": name, "": value} for name, value in values.items()]


def recipes(
    name: Annotated[
        str | None, typer.Argument(help="Print this recipe's YAML, to begin your own with.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the recipes, or print one."""
    from reid_core.training.recipe_texts import describe_recipe, list_recipes, recipe_text

    if name is None:
        rows = [{"recipe": known, "what": describe_recipe(known)} for known in list_recipes()]
        show(rows, as_json=as_json)
    elif as_json:
        from reid_core.training.recipe_files import load_recipe

        show([], as_json=True, payload=load_recipe(name).model_dump(mode="json"))
    else:
        sys.stdout.write(recipe_text(name))
