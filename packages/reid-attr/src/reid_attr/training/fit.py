"""Training from a recipe and images with attributes to a checkpoint folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningDataModule
from torch.utils.data import DataLoader

from reid_attr.losses.combined import AttributeLoss
from reid_attr.losses.weighting import positive_ratios
from reid_attr.models.attribute_model import AttributeModel
from reid_attr.models.checkpoint import load_attribute_model
from reid_attr.models.factory import create_attribute_model
from reid_attr.models.finetuning import set_finetuning
from reid_attr.schema import Schema
from reid_attr.schema_files import load_schema
from reid_attr.training.batches import shuffled_loader
from reid_attr.training.division import Division, divide
from reid_attr.training.images import AttributeImages
from reid_attr.training.module import AttributeModule
from reid_attr.training.recipe import AttributeRecipe
from reid_attr.training.run import AttributeKeeper, AttributeRun, AttributeTraining
from reid_core.training.folder.epoch_log import EpochTable
from reid_core.training.loop.precision import choose_precision
from reid_core.training.loop.progress import Progress
from reid_core.training.loop.schedule import learning_rate_factor
from reid_core.training.loop.trainer import build_trainer, training_environment
from reid_data import Batch, UnreadableImagesError, eval_loader, find_unreadable
from reid_data.console import Advance
from reid_data.shuffling import ShuffledBatches
from reid_data.summary import named
from reid_eval.embedders import resolve_device

__all__ = ["build_attribute_model", "train_attributes"]


@contextmanager
def _silent(_description: str, _total: int | None) -> Iterator[Advance]:
    yield lambda _: None


class _Loaders(LightningDataModule):
    """Training batches of this process; all validation images, and those held out."""

    def __init__(
        self, division: Division, recipe: AttributeRecipe, *, seed: int, workers: int
    ) -> None:
        super().__init__()
        self._division, self._recipe = division, recipe
        self._seed, self._workers = seed, workers

    def train_dataloader(self) -> DataLoader[Batch]:
        trainer: Any = self.trainer
        batches = ShuffledBatches(
            len(self._division.train),
            batch_size=self._recipe.data.batch_size,
            seed=self._seed,
            rank=trainer.global_rank,
            world_size=trainer.world_size,
        )
        batches.set_epoch(trainer.fit_loop.epoch_progress.current.completed)
        return shuffled_loader(
            self._division.train,
            image_size=self._recipe.data.image_size,
            augmentation=self._recipe.data.augmentation,
            batches=batches,
            workers=self._workers,
        )

    def val_dataloader(self) -> list[DataLoader[Batch]]:
        measured = [self._division.validation]
        if self._recipe.loss.logit_updating:
            measured.append(self._division.held_out)
        return [
            eval_loader(
                images.records,
                image_size=self._recipe.data.image_size,
                batch_size=self._recipe.eval_batch_size,
                workers=self._workers,
            )
            for images in measured
        ]


def build_attribute_model(
    recipe: AttributeRecipe, *, seed: int, init_from: Path | str | None = None
) -> AttributeModel:
    """The network of a recipe, in its fine-tuning mode; what is new is drawn from the seed.

    Args:
        recipe: what to build.
        seed: seeds torch's global generator.
        init_from: a checkpoint folder whose weights it starts with; an adapter may be new.

    Raises:
        ValueError: it cannot be built, or the checkpoint has other weights or another schema.
    """
    torch.manual_seed(seed)
    schema = load_schema(recipe.data.schema_name)
    model = create_attribute_model(
        **recipe.model.model_dump(), schema=schema, image_size=recipe.data.image_size
    )
    if init_from is not None:
        _start_with(model, load_attribute_model(init_from), init_from)
    set_finetuning(model, recipe.finetune)
    return model


def train_attributes(
    recipe: AttributeRecipe,
    images: AttributeImages,
    *,
    out: Path | str,
    seed: int = 0,
    device: str = "auto",
    workers: int = 0,
    devices: int = 1,
    nodes: int = 1,
    resume: bool = False,
    init_from: Path | str | None = None,
    progress: Progress = _silent,
) -> AttributeTraining:
    """Train a model as a recipe says, and keep the epoch with the best mA on validation images.

    On a CPU in float32 the same recipe, images and seed give the same network bit by bit, whether
    or not the run was interrupted and resumed. Test images are not read.

    Args:
        recipe: from `load_recipe`.
        images: from `load_images`, in the order of the recipe's schema.
        out: an empty or new folder; with ``resume``, the folder of the run to go on with.
        seed: of new weights, division, order, augmentation and dropout.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        workers: loader processes of each training process.
        devices: training processes on each machine, one a device.
        nodes: machines.
        resume: go on after the last finished epoch; a finished run returns its result.
        init_from: a checkpoint folder to start with.
        progress: opens progress bars.

    Raises:
        ValueError: anything that cannot work, before the training starts; or a loss that is no
            number any more.
        UnreadableImagesError: images cannot be read, all of them listed.
    """
    run, place = AttributeRun(Path(out)), resolve_device(device)
    division = _divided(recipe, images, seed)
    data = _fingerprint(images)
    if not resume:
        run.check_new()
    else:
        run.check_same(recipe, seed=seed, data=data)
        if (finished := run.read().get("result")) is not None:
            return AttributeTraining(**{**finished, "folder": run.path})
    with training_environment():
        model = build_attribute_model(recipe, seed=seed, init_from=init_from)
        _check_readable(division, progress)
        module = _module(recipe, model, division, seed)

        def begin() -> None:
            run.begin(recipe, seed=seed, data=data)
            division.save(run.division)

        # Images that fill no batch of every process wait for another epoch.
        step = recipe.data.batch_size * devices * nodes
        left = len(division.train) // step * step * recipe.schedule.epochs
        with progress("training", left) as advance:
            keeper = AttributeKeeper(
                run,
                softmax=recipe.loss.kind == "categorical",
                metadata={
                    "recipe": recipe.model_dump(mode="json", by_alias=True),
                    "seed": seed,
                    "data": [named(division.train.records)],
                },
                begin=begin,
                advance=advance,
            )
            trainer = build_trainer(
                epochs=recipe.schedule.epochs,
                device=place,
                precision=choose_precision(recipe.precision, device=place, model=model),
                devices=devices,
                nodes=nodes,
                validate_every=1,
                callbacks=[keeper],
                loggers=[EpochTable(run.metrics)],
            )
            loaders = _Loaders(division, recipe, seed=seed, workers=workers)
            state = run.state if resume and run.state.is_file() else None
            trainer.fit(module, datamodule=loaders, ckpt_path=state, weights_only=True)
        return keeper.result


def _divided(recipe: AttributeRecipe, images: AttributeImages, seed: int) -> Division:
    schema = load_schema(recipe.data.schema_name)
    schema.check_columns(images.values.shape[1])
    if recipe.loss.gradnorm and (recipe.model.batch_norm or recipe.model.adapter):
        raise ValueError(
            "loss.gradnorm needs logits that are linear in the feature; set model.batch_norm=false "
            "and model.adapter=0"
        )
    if recipe.schedule.epochs < 1:
        raise ValueError("schedule.epochs must be 1 or more")
    if recipe.loss.logit_updating and not recipe.data.held_out:
        raise ValueError("loss.logit_updating needs data.held_out above 0")
    division = divide(
        images,
        by=recipe.data.by,
        validation=recipe.data.validation,
        test=recipe.data.test,
        held_out=recipe.data.held_out if recipe.loss.logit_updating else 0.0,
        seed=seed,
    )
    _check_measurable(schema, division)
    return division


def _check_measurable(schema: Schema, division: Division) -> None:
    """Refuse parts on which no mean of recalls exists, before anything is trained."""
    for key, part in (("validation", division.validation), ("held_out", division.held_out)):
        both = (part.values == 1).any(axis=0) & (part.values == 0).any(axis=0)
        if len(part) and not both.any():
            raise ValueError(
                f"no attribute of schema {schema.name} has both positive and negative images in "
                f"the {key} part; raise data.{key}"
            )


def _module(
    recipe: AttributeRecipe, model: AttributeModel, division: Division, seed: int
) -> AttributeModule:
    ratios = positive_ratios(torch.from_numpy(division.train.values.copy()))
    return AttributeModule(
        model,
        AttributeLoss(model.schema, ratios, recipe.loss),
        division,
        optimizer=recipe.optimizer,
        criterion=recipe.thresholds,
        learning_rate_factor=partial(learning_rate_factor, **recipe.schedule.model_dump()),
        seed=seed,
    )


def _start_with(model: AttributeModel, other: AttributeModel, folder: Path | str) -> None:
    if other.schema.names != model.schema.names:
        ours, theirs = set(model.schema.names), set(other.schema.names)
        odd = ", ".join(sorted(ours ^ theirs)) or "the order only"
        raise ValueError(f"{folder} was trained for other attributes; they differ in: {odd}")
    weights = {
        name: value
        for name, value in other.state_dict().items()
        if model.head.adapter is not None or not name.startswith("head.adapter.")
    }
    expected = model.state_dict()
    problem = [
        name
        for name in expected.keys() | weights.keys()
        if name not in weights
        or name not in expected
        or weights[name].shape != expected[name].shape
    ]
    problem = [name for name in problem if name in weights or not name.startswith("head.adapter.")]
    if problem:
        raise ValueError(f"{folder} does not fit the recipe's model, first at {min(problem)}")
    model.load_state_dict(weights, strict=False)


def _check_readable(division: Division, progress: Progress) -> None:
    parts = [division.train, division.held_out, division.validation]
    found = []
    with progress("checking", sum(map(len, parts))) as advance:
        for part in parts:
            if len(part):
                found += find_unreadable(part.records, advance=advance)
    if found:
        raise UnreadableImagesError(found)


def _fingerprint(images: AttributeImages) -> str:
    digest = hashlib.sha256("\n".join(images.records.table["path"]).encode())
    digest.update(images.values.tobytes())
    return digest.hexdigest()[:16]
