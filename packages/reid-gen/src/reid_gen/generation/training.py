"""Training of a generator, from a recipe and posed images to a folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import torch
from lightning.pytorch import Callback

from reid_core.training.folder.epoch_log import EpochTable, EpochTensorBoard
from reid_core.training.loop.precision import choose_precision
from reid_core.training.loop.progress import Progress
from reid_core.training.loop.trainer import build_trainer, training_environment
from reid_data import UnreadableImagesError, find_unreadable
from reid_data.console import Advance
from reid_data.records import Ids
from reid_eval.embedders import resolve_device
from reid_gen.generation.gan_module import GanModule
from reid_gen.generation.gan_run import GanKeeper, GanRun, GanTraining
from reid_gen.generation.identity import IdentityLoss
from reid_gen.generation.lessons import Lessons, PairLoaders, divide
from reid_gen.generation.perceptual import PerceptualLoss
from reid_gen.generation.posed import PosedImages
from reid_gen.generation.recipe import GanRecipe

__all__ = ["check_terms", "train_gan"]


@contextmanager
def _silent(_description: str, _total: int | None) -> Iterator[Advance]:
    yield lambda _: None


def train_gan(
    recipe: GanRecipe,
    images: PosedImages,
    *,
    out: Path | str,
    pairs: Ids | None = None,
    seed: int = 0,
    device: str = "auto",
    workers: int = 0,
    devices: int = 1,
    nodes: int = 1,
    resume: bool = False,
    callbacks: Sequence[Callback] = (),
    progress: Progress = _silent,
) -> GanTraining:
    """Train a generator as a recipe says, and keep its (averaged) state after the last epoch.

    On a CPU in float32 the same recipe, images and seed give the same generator bit by bit, whether
    or not the run was interrupted and resumed.

    Args:
        recipe: from `load_recipe`.
        images: training images, placed on a canvas of the recipe's size.
        out: an empty or new folder; with ``resume``, the folder of the run to go on with.
        pairs: rows (P, 2) of source and target to learn from; by default the recipe's kind of all
            pairs of the images.
        seed: of initial weights, held-out people, pairs, and all else that is random.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        workers: loader processes of each training process.
        devices: training processes on each machine, one a device.
        nodes: machines.
        resume: go on after the last finished epoch; a finished run returns its result.
        callbacks: further Lightning callbacks.
        progress: opens progress bars.

    Raises:
        ValueError: anything that cannot work, before the training starts; or a loss that is no
            number any more.
        UnreadableImagesError: images cannot be read, all of them listed.
    """
    run, place = GanRun(Path(out)), resolve_device(device)
    if images.canvas != recipe.data.image_size:
        raise ValueError(f"images are posed on {images.canvas}, not on {recipe.data.image_size}")
    check_terms(recipe)
    lessons = divide(recipe, images, pairs, seed=seed)
    loaders = PairLoaders(lessons, recipe, seed=seed, workers=workers)
    loaders.batches(world_size=devices * nodes)
    if not resume:
        run.check_new()
    else:
        run.check_same(recipe, seed=seed, data=lessons.fingerprint)
        if (finished := run.result) is not None:
            return finished
    with training_environment():
        module = _module(recipe, lessons, seed=seed, device=place)
        _check_readable(images, progress)
        total = recipe.data.pairs_per_epoch * recipe.schedule.epochs
        with progress("training", total) as advance:
            keeper = GanKeeper(
                run,
                recipe=recipe,
                metadata={"recipe": recipe.model_dump(mode="json"), "seed": seed},
                begin=partial(run.begin, recipe, seed=seed, data=lessons.fingerprint),
                shown=lessons.shown(),
                advance=advance,
            )
            trainer = build_trainer(
                epochs=recipe.schedule.epochs,
                device=place,
                precision=choose_precision(recipe.precision, device=place, model=module.generator),
                devices=devices,
                nodes=nodes,
                validate_every=1 if len(lessons.held_out) else None,
                # Each of the two steps leaves the other's parameters out.
                unused_parameters=True,
                callbacks=[*callbacks, keeper],
                loggers=[EpochTable(run.metrics), EpochTensorBoard(run.tensorboard)],
            )
            state = run.state if resume and run.state.is_file() else None
            trainer.fit(module, datamodule=loaders, ckpt_path=state, weights_only=True)
        return keeper.result


def check_terms(recipe: GanRecipe) -> None:
    """Refuse terms that have a weight and lack their network, or the reverse.

    Raises:
        ValueError: says how to give it, and how to switch the term off.
    """
    perceptual, identity = recipe.loss.perceptual, recipe.loss.identity
    if perceptual.weight > 0 and perceptual.weights is None:
        raise ValueError(
            "the perceptual term needs VGG19's weights: --perceptual FILE or "
            "--perceptual hf://timm/vgg19.tv_in1k/model.safetensors; --perceptual off trains "
            "without it"
        )
    if identity.weight > 0 and identity.model is None:
        raise ValueError(
            "the identity term needs a re-ID model: --identity FOLDER that reid-core train wrote; "
            "--identity off trains without it"
        )
    idle = [
        term
        for term, section, network in (
            ("perceptual", perceptual, perceptual.weights),
            ("identity", identity, identity.model),
        )
        if network is not None and not section.weight
    ]
    if idle:
        raise ValueError(
            f"the {idle[0]} term has a network and weight 0; give it one with "
            f"--set loss.{idle[0]}.weight=1, or leave the network out"
        )


def _module(recipe: GanRecipe, lessons: Lessons, *, seed: int, device: torch.device) -> GanModule:
    torch.manual_seed(seed)
    perceptual, identity = recipe.loss.perceptual, recipe.loss.identity
    seen = known = None
    if perceptual.weight > 0 and perceptual.weights is not None:
        seen = PerceptualLoss(perceptual.weights, layer=perceptual.layer)
    if identity.weight > 0 and identity.model is not None:
        known = IdentityLoss.of_people(identity.model, lessons.images.records, device=device)
    # The same weights with and without the frozen terms, which take random numbers when built.
    torch.manual_seed(seed)
    return GanModule(recipe, seed=seed, perceptual=seen, identity=known)


def _check_readable(images: PosedImages, progress: Progress) -> None:
    with progress("checking", len(images)) as advance:
        found = find_unreadable(images.records, advance=advance)
    if found:
        raise UnreadableImagesError(found)
