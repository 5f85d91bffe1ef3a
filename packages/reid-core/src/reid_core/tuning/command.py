"""The verb `tune`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reid_core.training.data.sources import Sources
from reid_core.training.options import SecondData, SecondRoot, recipe_option
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
    Seed,
    note,
    progress,
    require,
    show,
)

if TYPE_CHECKING:
    from reid_core.tuning.study import Study

__all__ = ["tune"]

_SHOWN = 10


def tune(
    data: Data,
    root: Root,
    out: Out,
    search: Annotated[
        list[str],
        typer.Option(
            "--search",
            metavar="KEY=BOUNDS",
            help="A recipe's key and log:1e-5:1e-2, 0:0.5, int:2:8, int-log:16:256 or a,b,c.",
        ),
    ],
    recipe: Annotated[
        str, recipe_option("A name, see `reid-core recipes`, or a .yaml file.")
    ] = "baseline",
    second_data: SecondData = None,
    second_root: SecondRoot = None,
    genders: Genders = None,
    gender_labels: GenderIds = False,
    poses: Poses = None,
    masks: Masks = None,
    naming: MaskNaming = Naming.stem,
    overrides: Overrides = [],  # noqa: B006 - typer reads it, nothing changes it
    trials: Annotated[
        int, typer.Option("--trials", min=1, help="Trials in all, earlier ones included.")
    ] = 20,
    prune: Annotated[
        bool, typer.Option("--prune/--no-prune", help="Stop trials that are clearly behind.")
    ] = True,
    keep_models: Annotated[
        bool, typer.Option("--keep-models", help="Keep the networks of all trials.")
    ] = False,
    seed: Seed = 0,
    device: Device = "auto",
    workers: LoaderWorkers = "auto",
    as_json: Json = False,
) -> None:
    """Search for the values of recipe keys that validate best; the same command goes on."""
    from reid_core.tuning.space import parse_search

    parse_search(search)
    for module in ("lightning", "optuna", "matplotlib"):
        require(module, extra="reid-core[tune]", for_what="reid-core tune")
    from reid_core.tuning.search import tune as search_and_train

    beside = named_sidecars(genders, gender_labels, poses, masks, naming)
    sources = Sources(data, root, second_data, second_root, beside).load()
    with progress("trials", total=trials) as advance:
        seen = 0

        def after(study: Study) -> None:
            nonlocal seen
            ended = sum(trial.state in ("complete", "pruned", "fail") for trial in study.trials)
            advance(ended - seen)
            seen = ended

        try:
            result = search_and_train(
                recipe,
                **sources,
                out=out,
                search=search,
                trials=trials,
                overrides=overrides,
                seed=seed,
                device=device,
                workers=workers,
                prune=prune,
                keep_models=keep_models,
                after=after,
            )
        except KeyboardInterrupt:
            note(f"interrupted; the same command goes on in {out}")
            raise
    _show(result.study, as_json=as_json, payload=result.to_dict())
    if not as_json:
        note(f"recipe: {result.recipe}\nall trials: {result.table}\nplot: {result.plot}")


def _show(study: Study, *, as_json: bool, payload: object) -> None:
    complete = [trial for trial in study.trials if trial.state == "complete"]
    ranked = sorted(complete, key=lambda trial: -(trial.score or 0.0))[:_SHOWN]
    rows = [
        {"trial": trial.number, "validation mAP": trial.score, **trial.values} for trial in ranked
    ]
    pruned = sum(trial.state == "pruned" for trial in study.trials)
    title = f"{len(study.trials)} trials, {pruned} of them pruned; the best {len(rows)}"
    show(rows, title=title, as_json=as_json, payload=payload)
