"""Training from a recipe and records to a checkpoint folder."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Literal

from lightning.pytorch import Callback, Trainer

from reid_core.training.build import (
    build_epoch_labels,
    build_loaders,
    build_model,
    build_module,
)
from reid_core.training.data.annotation import Annotated, annotate
from reid_core.training.data.pseudo_labels import labels_from_file
from reid_core.training.data.readable import readable
from reid_core.training.data.sidecars import Sidecars
from reid_core.training.data.split import TrainingData, carve
from reid_core.training.feasible import check_machine, check_model, check_recipe
from reid_core.training.folder.keeper import Keeper
from reid_core.training.folder.loggers import build_loggers, require_loggers
from reid_core.training.folder.run_folder import RunFolder, TrainingResult
from reid_core.training.loop.module import ReidModule
from reid_core.training.loop.precision import choose_precision
from reid_core.training.loop.progress import Progress
from reid_core.training.loop.stopwatch import Stopwatch
from reid_core.training.loop.trainer import build_trainer, training_environment
from reid_core.training.recipes.recipe import Recipe
from reid_core.training.warm_starting import warm_start
from reid_data import Records
from reid_data.console import Advance
from reid_data.workers import WorkerCount
from reid_eval.embedders import resolve_device

__all__ = ["train", "training_data"]

_log = logging.getLogger(__name__)


@contextmanager
def _silent(_description: str, _total: int | None) -> Iterator[Advance]:
    yield lambda _: None


def train(
    recipe: Recipe,
    records: Records,
    *,
    out: Path | str,
    second: Records | None = None,
    sidecars: Sidecars | None = None,
    seed: int = 0,
    init_from: Path | str | None = None,
    init_heads: bool = False,
    device: str = "auto",
    workers: WorkerCount = 2,
    devices: int = 1,
    nodes: int = 1,
    strategy: Literal["ddp", "fsdp"] = "ddp",
    resume: bool = False,
    skip_unreadable: bool = False,
    callbacks: Sequence[Callback] = (),
    progress: Progress = _silent,
) -> TrainingResult:
    """Train a network as a recipe says, and keep the epoch that validates best.

    Only the splits ``train`` and ``val`` of the records are read, and ``train`` of the second ones.
    On a CPU in float32, the same recipe, records and seed give the same network bit by bit, whether
    or not the run was interrupted and resumed, and for any number of workers.

    Args:
        recipe: from `load_recipe`.
        records: the whole data set.
        out: an empty or new folder; with ``resume``, the folder of the run to go on with.
        second: a second data set to learn from, for recipes with ``data.second``.
        sidecars: tables and masks beside the first data set, for recipes that need them.
        seed: of initial weights, held-out identities, order, augmentation and dropout.
        init_from: checkpoint folder or file of weights to begin with, see `warm_start`; a resumed
            run that was killed before its first epoch was over begins with its own again.
        init_heads: begin with its classifiers and centres too.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        workers: loader processes of each training process; ``"auto"`` takes as many as pay.
        devices: training processes on each machine, one a device.
        nodes: machines.
        strategy: with several devices, a whole network on each (``ddp``) or a share (``fsdp``).
        resume: go on after the last finished epoch; a finished run returns its result.
        skip_unreadable: leave out unreadable images instead of refusing.
        callbacks: further Lightning callbacks.
        progress: opens a progress bar for the check of the images.

    Raises:
        ValueError: anything that cannot work, before the training starts; or a loss that is no
            number any more.
        UnreadableImagesError: images cannot be read, all of them listed.
        MissingExtraError: the recipe logs to a service whose client is not installed.
    """
    folder, place = RunFolder(Path(out)), resolve_device(device)
    require_loggers(recipe.logging)
    check_machine(recipe, device=place, devices=devices, strategy=strategy)
    data = training_data(recipe, records, second, seed=seed)
    check_recipe(recipe, data)
    beside = sidecars or Sidecars()
    annotated = annotate(recipe, data, beside)
    fingerprint = annotated.data.fingerprint
    if not resume:
        folder.check_new()
    else:
        folder.check_same(recipe, seed=seed, fingerprint=fingerprint)
    origin = _origin(folder, init_from, init_heads, resume=resume)
    if resume and (finished := folder.result) is not None:
        return finished
    with training_environment():
        read = partial(readable, skip=skip_unreadable, workers=workers, progress=progress)
        module, annotated = _prepared(recipe, data, beside, read, seed=seed, notes=annotated.notes)
        data = annotated.data
        labels = build_epoch_labels(recipe, module, workers=workers)
        if origin is not None and not folder.state.is_file():
            _begin_with(module, *origin)
        begin = partial(folder.begin, recipe, seed=seed, fingerprint=fingerprint, init_from=origin)
        keeper = _keeper(recipe, folder, data, seed=seed, begin=begin)
        if recipe.schedule.epochs == 0:
            keeper.keep_untrained(module)
            return keeper.result
        loaders = build_loaders(
            recipe,
            data,
            seed=seed,
            workers=workers,
            pin_memory=place.type == "cuda",
            twins=annotated.twins,
            relabel=labels,
        )
        trainer = build_trainer(
            epochs=recipe.schedule.epochs,
            device=place,
            precision=choose_precision(
                recipe.compute.precision, device=place, model=module.network["model"]
            ),
            devices=devices,
            nodes=nodes,
            strategy=strategy,
            validate_every=None if data.validation is None else recipe.evaluation.every,
            unused_parameters=_leaves_out(recipe),
            callbacks=[Stopwatch(), *([labels] if labels else []), *callbacks, keeper],
            loggers=build_loggers(recipe.logging, folder),
            reload_every_epoch=loaders.change,
        )
        _fit(trainer, module, loaders, folder)
        return keeper.result


def _prepared(
    recipe: Recipe,
    data: TrainingData,
    beside: Sidecars,
    read: Callable[[TrainingData], TrainingData],
    *,
    seed: int,
    notes: Sequence[str],
) -> tuple[ReidModule, Annotated]:
    """What is trained, and the images that can be read with all their labels."""
    # The network first: a misspelt backbone shows at once, reading every image takes a while.
    model = build_model(recipe, seed=seed, cameras=data.cameras)
    check_model(recipe, model)
    for remark in notes:
        _log.warning("%s", remark)
    # Labelled again, for identities and outfits may have gone with what cannot be read.
    annotated = annotate(recipe, read(data), beside)
    module = build_module(recipe, model, annotated.data, seed=seed, targets=annotated.targets)
    if recipe.compute.compile:
        model.compile(dynamic=False)
    return module, annotated


def training_data(
    recipe: Recipe, records: Records, second: Records | None, *, seed: int
) -> TrainingData:
    """What to learn from and what to validate on, with the labels that the recipe wants.

    Raises:
        ValueError: there are too few identities for a batch, or nothing to learn from.
    """
    labels = recipe.data.pseudo_labels
    if labels is not None and labels.file is not None:
        records = labels_from_file(records, Path(labels.file))
    return carve(
        records,
        val_identities=recipe.evaluation.val_identities,
        # Clusters are counted once they are there.
        identities_per_batch=1 if recipe.clusters else recipe.data.identities_per_batch,
        seed=seed,
        tracklets=recipe.data.clips is not None,
        second=second,
        second_per_batch=(recipe.data.second or recipe.data).identities_per_batch
        or recipe.data.identities_per_batch,
        same_people=recipe.same_people,
    )


def _origin(
    folder: RunFolder, source: Path | str | None, heads: bool, *, resume: bool
) -> tuple[str, bool] | None:
    """What a run begins with, as its folder remembers it."""
    asked = None if source is None else (str(Path(source).absolute()), heads)
    if not resume:
        return asked
    before = folder.init_from
    if asked is not None and asked != before:
        raise ValueError(
            f"{folder.path} began with {before[0] if before else 'a new network'}, came {asked[0]};"
            " resume without --init-from"
        )
    return before


def _begin_with(module: ReidModule, source: str, heads: bool) -> None:
    terms = dict(module.network["terms"].items())  # type: ignore[operator]
    report = warm_start(module.network["model"], terms, source, heads=heads)
    if module.average is not None:
        module.average.module.load_state_dict(module.network.state_dict())
    _log.warning("began with %s: %s", source, report)


def _keeper(
    recipe: Recipe, folder: RunFolder, data: TrainingData, *, seed: int, begin: partial[None]
) -> Keeper:
    about = {"recipe": recipe.model_dump(mode="json"), "seed": seed}
    return Keeper(
        folder,
        metadata={**about, "identities": data.identities, "data": data.named},
        begin=begin,
        every=recipe.evaluation.every,
        start_epoch=recipe.evaluation.start_epoch,
        patience=recipe.evaluation.patience,
        keep_every=recipe.checkpoints.every,
        keep_last=recipe.checkpoints.last,
    )


def _leaves_out(recipe: Recipe) -> bool:
    """Whether a step may leave parameters without a gradient."""
    late = any(section.start_epoch for section in recipe.loss.values())
    second = recipe.data.second
    turns = second is not None and second.order in ("alternating", "passes")
    return late or turns or any(freeze.until for freeze in recipe.optimizer.freeze)


def _fit(trainer: Trainer, module: ReidModule, loaders: object, folder: RunFolder) -> None:
    state = folder.state if folder.state.is_file() else None
    try:
        trainer.fit(module, datamodule=loaders, ckpt_path=state, weights_only=True)  # type: ignore[arg-type]
    except ValueError:
        # Whoever mends what was wrong begins anew, and may take the same folder.
        if trainer.is_global_zero and not folder.state.is_file():
            folder.forget()
        raise
