"""The verbs `train`, `finetune` and `recipes`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reid_core.training.data.sources import Sources
from reid_core.training.options import (
    Devices,
    InitHeads,
    Nodes,
    RecipeOption,
    Resume,
    Runs,
    Scale,
    SecondData,
    SecondRoot,
    SeedOption,
    Strategy,
    StrategyOption,
    recipe_option,
)
from reid_core.training.sidecar_options import (
    GenderIds,
    Genders,
    MaskNaming,
    Masks,
    Naming,
    Poses,
    named_sidecars,
)
from reid_data.console import (
    Data,
    Device,
    Json,
    LoaderWorkers,
    Out,
    Overrides,
    Root,
    SkipUnreadable,
    note,
    progress,
    require,
    show,
)

if TYPE_CHECKING:
    from reid_core.training.folder.run_folder import TrainingResult

__all__ = ["finetune", "recipes", "train"]


def train(
    data: Data,
    root: Root,
    out: Out,
    recipe: RecipeOption = None,
    second_data: SecondData = None,
    second_root: SecondRoot = None,
    genders: Genders = None,
    gender_labels: GenderIds = False,
    poses: Poses = None,
    masks: Masks = None,
    naming: MaskNaming = Naming.stem,
    overrides: Overrides = [],  # noqa: B006 - typer reads it, nothing changes it
    scale: Scale = None,
    init_from: Annotated[
        Path | None,
        typer.Option("--init-from", help="Begin with this checkpoint folder or file of weights."),
    ] = None,
    with_heads: InitHeads = False,
    seed: SeedOption = None,
    runs: Runs = 1,
    device: Device = "auto",
    workers: LoaderWorkers = "auto",
    devices: Devices = 1,
    nodes: Nodes = 1,
    strategy: StrategyOption = Strategy.ddp,
    resume: Resume = False,
    skip_unreadable: SkipUnreadable = False,
    as_json: Json = False,
) -> None:
    """Train a network; the epoch that is best on held-out training identities is kept."""
    machine = {"device": device, "workers": workers, "devices": devices, "nodes": nodes}
    options = {
        **machine,
        "strategy": strategy.value,
        "init_from": init_from,
        "init_heads": with_heads,
        "skip_unreadable": skip_unreadable,
    }
    if with_heads and init_from is None:
        raise ValueError("--with-heads takes the heads of --init-from, which is missing")
    asked: dict[str, Any] = {"recipe": recipe, "overrides": overrides, "scale": scale}
    beside = named_sidecars(genders, gender_labels, poses, masks, naming)
    sources = Sources(data, root, second_data, second_root, beside)
    if runs == 1:
        _train_once(sources, out, seed, asked, options, resume=resume, as_json=as_json)
    else:
        _train_often(sources, out, seed, asked, options, runs=runs, as_json=as_json)


def finetune(
    data: Data,
    root: Root,
    out: Out,
    init_from: Annotated[
        Path,
        typer.Option("--init-from", help="The trained checkpoint folder or file of weights."),
    ],
    recipe: Annotated[str, recipe_option("What to train it with, such as octuplet.")] = "octuplet",
    second_data: SecondData = None,
    second_root: SecondRoot = None,
    genders: Genders = None,
    gender_labels: GenderIds = False,
    poses: Poses = None,
    masks: Masks = None,
    naming: MaskNaming = Naming.stem,
    overrides: Overrides = [],  # noqa: B006 - typer reads it, nothing changes it
    scale: Scale = None,
    with_heads: InitHeads = False,
    seed: SeedOption = None,
    runs: Runs = 1,
    device: Device = "auto",
    workers: LoaderWorkers = "auto",
    devices: Devices = 1,
    nodes: Nodes = 1,
    strategy: StrategyOption = Strategy.ddp,
    resume: Resume = False,
    skip_unreadable: SkipUnreadable = False,
    as_json: Json = False,
) -> None:
    """Train a trained network further, with its own architecture and what a recipe says else."""
    from reid_core.training.finetuning import architecture_of

    train(
        data=data,
        root=root,
        out=out,
        second_data=second_data,
        second_root=second_root,
        genders=genders,
        gender_labels=gender_labels,
        poses=poses,
        masks=masks,
        naming=naming,
        recipe=None if resume and runs == 1 else recipe,
        # What the user sets comes last, and wins.
        overrides=[] if resume and runs == 1 else [*architecture_of(init_from), *overrides],
        scale=None if resume and runs == 1 else scale,
        init_from=init_from,
        with_heads=with_heads,
        seed=seed,
        runs=runs,
        device=device,
        workers=workers,
        devices=devices,
        nodes=nodes,
        strategy=strategy,
        resume=resume,
        skip_unreadable=skip_unreadable,
        as_json=as_json,
    )


def _train_once(
    sources: Sources,
    out: Path,
    seed: int | None,
    asked: dict[str, Any],
    options: dict[str, Any],
    *,
    resume: bool,
    as_json: bool,
) -> None:
    from reid_core.training.folder.run_folder import RunFolder
    from reid_core.training.recipes.files import load_recipe

    folder = RunFolder(out)
    name, rest = asked["recipe"], {key: asked[key] for key in ("overrides", "scale")}
    if resume:
        chosen = load_recipe(name, **rest) if name else folder.load_recipe(**rest)
        seed = folder.seed if seed is None else seed
        if folder.result is not None:
            note(f"{out} is finished already; nothing to resume")
    else:
        chosen = load_recipe(name or "baseline", **rest)
        folder.check_new()
    require("lightning", extra="reid-core[train]", for_what="reid-core train")
    from lightning.pytorch.utilities import rank_zero_only

    from reid_core.training import fit
    from reid_core.training.loop.progress import TrainingProgress

    try:
        result = fit.train(
            chosen,
            **sources.load(),
            out=out,
            seed=seed or 0,
            resume=resume,
            callbacks=[TrainingProgress(progress)],
            progress=progress,
            **options,
        )
    except KeyboardInterrupt:
        note(f"interrupted; the same command with --resume goes on in {out}")
        raise
    if getattr(rank_zero_only, "rank", 0) == 0:  # which speaks for all that train together
        show(_rows(result), as_json=as_json, payload=result.to_dict())


def _train_often(
    sources: Sources,
    out: Path,
    seed: int | None,
    asked: dict[str, Any],
    options: dict[str, Any],
    *,
    runs: int,
    as_json: bool,
) -> None:
    from reid_core.training.recipes.files import load_recipe

    chosen = load_recipe(asked["recipe"] or "baseline", asked["overrides"], scale=asked["scale"])
    require("lightning", extra="reid-core[train]", for_what="reid-core train")
    from reid_core.training.loop.progress import TrainingProgress
    from reid_core.training.runs import table_of_runs, train_runs

    def prepare(run: int) -> dict[str, Any]:
        note(f"run {run + 1}/{runs}")
        return {**sources.load(run), "callbacks": [TrainingProgress(progress)]}

    try:
        results = train_runs(
            chosen, prepare, out=out, runs=runs, seed=seed or 0, progress=progress, **options
        )
    except KeyboardInterrupt:
        note(f"interrupted; the same command again goes on in {out}")
        raise
    rows = table_of_runs(results)
    show(rows, as_json=as_json, payload={"runs": [result.to_dict() for result in results]})


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
    }
    if (folder / "tensorboard").is_dir():
        values["TensorBoard"] = str(folder / "tensorboard")
    return [{"training": name, "": value} for name, value in values.items()]


def recipes(
    name: Annotated[
        str | None, typer.Argument(help="Print this recipe's YAML, to begin your own with.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the recipes, or print one."""
    from reid_core.training.recipes.texts import describe_recipe, list_recipes, recipe_text

    if name is None:
        rows = [{"recipe": known, "what": describe_recipe(known)} for known in list_recipes()]
        show(rows, as_json=as_json)
    elif as_json:
        from reid_core.training.recipes.files import load_recipe

        show([], as_json=True, payload=load_recipe(name).model_dump(mode="json"))
    else:
        sys.stdout.write(recipe_text(name))
