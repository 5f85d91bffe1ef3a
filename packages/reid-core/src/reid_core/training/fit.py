"""Training from a recipe and records to a checkpoint folder."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
from lightning.pytorch import Callback

from reid_core.training.build import build_loaders, build_model, build_module
from reid_core.training.epoch_log import EpochTable, EpochTensorBoard
from reid_core.training.keeper import Keeper
from reid_core.training.precision import choose_precision
from reid_core.training.progress import Progress
from reid_core.training.recipe import Recipe
from reid_core.training.run_folder import RunFolder, TrainingResult
from reid_core.training.split import TrainingData, carve
from reid_core.training.stopwatch import Stopwatch
from reid_core.training.trainer import build_trainer, training_environment
from reid_data import Records, UnreadableImagesError, find_unreadable
from reid_data.console import Advance
from reid_eval.embedders import resolve_device

__all__ = ["train"]

_log = logging.getLogger(__name__)


@contextmanager
def _silent(_description: str, _total: int | None) -> Iterator[Advance]:
    yield lambda _: None


def train(
    recipe: Recipe,
    records: Records,
    *,
    out: Path | str,
    seed: int = 0,
    device: str = "auto",
    workers: int = 2,
    devices: int = 1,
    nodes: int = 1,
    resume: bool = False,
    skip_unreadable: bool = False,
    callbacks: Sequence[Callback] = (),
    progress: Progress = _silent,
) -> TrainingResult:
    """Train a network as a recipe says, and keep the epoch that validates best.

    Only the splits ``train`` and ``val`` of the records are read. On a CPU in float32, the same
    recipe, records and seed give the same network bit by bit, whether or not the run was
    interrupted and resumed, and for any number of workers.

    Args:
        recipe: from `load_recipe`.
        records: the whole data set.
        out: an empty or new folder; with ``resume``, the folder of the run to go on with.
        seed: of initial weights, held-out identities, order, augmentation and dropout.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        workers: loader processes of each training process.
        devices: training processes on each machine, one a device.
        nodes: machines.
        resume: go on after the last finished epoch; a finished run returns its result.
        skip_unreadable: leave out unreadable images instead of refusing.
        callbacks: further Lightning callbacks.
        progress: opens a progress bar for the check of the images.

    Raises:
        ValueError: anything that cannot work, before the training starts; or a loss that is no
            number any more.
        UnreadableImagesError: images cannot be read, all of them listed.
    """
    folder, place = RunFolder(Path(out)), resolve_device(device)
    data = carve(
        records,
        val_identities=recipe.evaluation.val_identities,
        identities_per_batch=recipe.data.identities_per_batch,
        seed=seed,
    )
    start = partial(folder.begin, recipe, seed=seed, fingerprint=data.fingerprint)
    if not resume:
        folder.check_new()
    else:
        folder.check_same(recipe, seed=seed, fingerprint=data.fingerprint)
        if (finished := folder.result) is not None:
            return finished
    with training_environment():
        # The network first: a misspelt backbone shows at once, reading every image takes a while.
        model = build_model(recipe, seed=seed)
        data = _readable(data, skip=skip_unreadable, workers=workers, progress=progress)
        module = build_module(recipe, model, data, seed=seed)
        about = {"recipe": recipe.model_dump(mode="json"), "seed": seed}
        keeper = Keeper(folder, metadata={**about, "identities": data.identities}, begin=start)
        if recipe.schedule.epochs == 0:
            keeper.keep_untrained(module)
            return keeper.result
        trainer = build_trainer(
            epochs=recipe.schedule.epochs,
            device=place,
            precision=choose_precision(recipe.compute.precision, device=place, model=model),
            devices=devices,
            nodes=nodes,
            validate_every=None if data.validation is None else recipe.evaluation.every,
            unused_parameters=any(section.start_epoch for section in recipe.loss.values()),
            callbacks=[Stopwatch(), *callbacks, keeper],
            loggers=[EpochTable(folder.metrics), EpochTensorBoard(folder.tensorboard)],
        )
        loaders = build_loaders(
            recipe, data, seed=seed, workers=workers, pin_memory=place.type == "cuda"
        )
        state = folder.state if folder.state.is_file() else None
        trainer.fit(module, datamodule=loaders, ckpt_path=state, weights_only=True)
        return keeper.result


def _readable(data: TrainingData, *, skip: bool, workers: int, progress: Progress) -> TrainingData:
    """The data without images that cannot be read, or an error that lists them all."""
    parts = [part for part in (data.train, data.validation) if part is not None]
    found = []
    with progress("checking", sum(map(len, parts))) as advance:
        for part in parts:
            found += find_unreadable(part, workers=workers, advance=advance)
    if not found:
        return data
    if not skip:
        raise UnreadableImagesError(found)
    _log.warning("%d unreadable images left out", len(found))
    bad = {unreadable.path for unreadable in found}
    kept = [part.take(np.array([path not in bad for path in part.paths])) for part in parts]
    return TrainingData(kept[0], kept[1] if data.validation is not None else None)
