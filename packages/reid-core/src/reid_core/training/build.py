"""From a recipe's sections to the parts of a training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import torch
from torch import nn

from reid_core.models import ReidModel, create_model
from reid_core.training.data.clusterers import load_clusterer
from reid_core.training.data.loaders import TrainingLoaders
from reid_core.training.data.pseudo_labels import EpochLabels
from reid_core.training.data.split import TrainingData
from reid_core.training.data.streams import BatchChange, Stream
from reid_core.training.loop.averaging import Average
from reid_core.training.loop.module import ReidModule
from reid_core.training.loop.optimizers import build_optimizer
from reid_core.training.loop.parameters import check_patterns, named_parameters
from reid_core.training.loop.passing import branch_sizes
from reid_core.training.loop.schedule import learning_rate_factor
from reid_core.training.loop.validation import Validation
from reid_core.training.recipes.recipe import ModelSection, Recipe, TermSection
from reid_core.training.terms import Target, Term, term_registry
from reid_data import Records
from reid_data.tracklets import one_row_a_tracklet
from reid_data.twin_making import TwinMaker
from reid_data.workers import WorkerCount

__all__ = [
    "build_epoch_labels",
    "build_loaders",
    "build_model",
    "build_module",
    "build_terms",
]

_MODEL, _TERMS = 0, 1


def build_model(recipe: Recipe, *, seed: int, cameras: int = 0) -> ReidModel:
    """The untrained network of a recipe; what has no published weights is drawn from the seed.

    Seeds torch's global generator.

    Args:
        recipe: names the network.
        seed: of its weights.
        cameras: what ``model.options.cameras: auto`` stands for, one more than the largest camid.
    """
    _seed(seed, _MODEL)
    given = {key: value for key, value in recipe.model if key not in ModelSection.model_fields}
    options = given.get("options")
    if options and options.get("cameras") == "auto":
        given["options"] = {**options, "cameras": cameras}
    return create_model(recipe.model.name, image_size=recipe.data.image_size, **given)


def build_terms(
    recipe: Recipe,
    *,
    embedding_size: int,
    num_classes: int,
    second_classes: int = 0,
    seed: int,
    branch_sizes: tuple[int, ...] = (),
    targets: Mapping[str, Target] | None = None,
) -> dict[str, Term]:
    """The loss terms of a recipe by name, their heads drawn from the seed.

    Seeds torch's global generator.

    Args:
        recipe: names the terms.
        embedding_size: D.
        num_classes: identities of the first data set.
        second_classes: identities of the second.
        seed: of the heads.
        branch_sizes: D of each of the model's branches.
        targets: further labels of the images.

    Raises:
        ValueError: a term does not go with the model or with another term; names the term.
    """
    _seed(seed, _TERMS)
    classes = {
        "first": num_classes,
        "second": num_classes if recipe.same_people else second_classes,
        "both": num_classes if recipe.same_people else num_classes + second_classes,
    }
    terms = {}
    for name, section in recipe.loss.items():
        options = {key: value for key, value in section if key not in TermSection.model_fields}
        try:
            terms[name] = term_registry[section.term](
                embedding_size=embedding_size,
                num_classes=classes[section.data],
                branch_sizes=branch_sizes,
                targets=targets or {},
                weight=section.weight,
                **options,
            )
        except ValueError as error:
            raise ValueError(f"recipe key loss.{name}: {error}") from error
    for name, term in terms.items():
        try:
            term.meet(terms)
        except ValueError as error:
            raise ValueError(f"recipe key loss.{name}: {error}") from error
    return terms


def build_module(
    recipe: Recipe,
    model: ReidModel,
    data: TrainingData,
    *,
    seed: int,
    targets: Mapping[str, Target] | None = None,
) -> ReidModule:
    """The training loop of a recipe, with its loss terms for the identities of the data."""
    optimizer = recipe.optimizer
    terms = build_terms(
        recipe,
        embedding_size=model.embedding_size,
        num_classes=data.identities,
        second_classes=data.second_identities,
        seed=seed,
        branch_sizes=branch_sizes(model),
        targets=targets,
    )
    gather = {name: section.gather for name, section in recipe.loss.items()}
    module = ReidModule(
        model,
        terms,
        optimizer=partial(
            build_optimizer,
            name=optimizer.name,
            lr=optimizer.lr,
            weight_decay=optimizer.weight_decay,
            momentum=optimizer.momentum,
            eps=optimizer.eps,
            groups=optimizer.groups,
        ),
        seed=seed,
        learning_rate_factor=partial(learning_rate_factor, **recipe.schedule.model_dump()),
        start_epochs={name: section.start_epoch for name, section in recipe.loss.items()},
        gather={name: asked for name, asked in gather.items() if asked is not None},
        sees={name: section.data for name, section in recipe.loss.items()},
        second_label=0 if recipe.same_people else data.identities,
        mixed=recipe.data.second is not None and recipe.data.second.order == "mixed",
        accumulate=optimizer.accumulate,
        clip_norm=optimizer.clip_norm,
        freezes=optimizer.freeze,
        average=_average(recipe),
        changes=_changes(recipe),
        channels_last=recipe.compute.channels_last,
        validation=_validation(recipe, data),
        paths={stream: _paths(recipe, records) for stream, records in data.streams.items()},
    )
    # Lightning builds the optimisers late; a misspelt pattern shall show before that.
    patterns = [group.parameters for group in optimizer.groups]
    check_patterns(patterns, named_parameters(module.network), key="optimizer.groups")
    return module


def build_epoch_labels(
    recipe: Recipe, module: ReidModule, *, workers: WorkerCount
) -> EpochLabels | None:
    """What labels the first data set before each epoch and tells the terms, where one wants it.

    Raises:
        ValueError: there is no such clusterer, or it has no such option.
    """
    terms = {name: term for name, term in module.terms.items() if term.needs_features}
    section = recipe.data.pseudo_labels
    if not terms and not recipe.clusters:
        return None
    clusterer = None
    if section is not None and recipe.clusters:
        clusterer = load_clusterer(section.clusterer, section.options)
    return EpochLabels(
        module,
        terms,
        clusterer=clusterer,
        identities_per_batch=recipe.data.identities_per_batch,
        batch_size=recipe.evaluation.batch_size,
        workers=workers,
    )


def build_loaders(
    recipe: Recipe,
    data: TrainingData,
    *,
    seed: int,
    workers: WorkerCount,
    pin_memory: bool,
    twins: Mapping[Stream, TwinMaker] | None = None,
    relabel: Callable[[Records], Records] | None = None,
) -> TrainingLoaders:
    """The loaders of a recipe."""
    return TrainingLoaders(
        data,
        image_size=recipe.data.image_size,
        identities_per_batch=recipe.data.identities_per_batch,
        images_per_identity=recipe.data.images_per_identity,
        augmentation=recipe.data.augmentation,
        eval_batch_size=recipe.evaluation.batch_size,
        seed=seed,
        workers=workers,
        pin_memory=pin_memory,
        cache=recipe.compute.cache,
        clips=recipe.data.clips,
        second=recipe.data.second,
        begins=_begins(recipe),
        twins=twins,
        relabel=relabel,
    )


def _average(recipe: Recipe) -> Callable[[nn.Module], Average] | None:
    decay, start = recipe.optimizer.ema_decay, recipe.optimizer.swa_start
    if decay is None and start is None:
        return None
    return partial(Average, ema_decay=decay, swa_start=start or 0)


def _validation(recipe: Recipe, data: TrainingData) -> Validation | None:
    if data.validation is None:
        return None
    tracklets = recipe.data.clips is not None
    return Validation(
        one_row_a_tracklet(data.validation) if tracklets else data.validation,
        metric=recipe.evaluation.metric,
        tracklets=tracklets,
        query_scale=recipe.evaluation.query_scale,
        gallery_scale=recipe.evaluation.gallery_scale,
    )


def _changes(recipe: Recipe) -> dict[Stream, BatchChange]:
    second = recipe.data.second
    asked: dict[Stream, BatchChange | None] = {
        "first": recipe.data.low_resolution,
        "second": None if second is None else second.low_resolution,
    }
    return {stream: change for stream, change in asked.items() if change is not None}


def _begins(recipe: Recipe) -> dict[Stream, int]:
    """From which epoch on a term looks at each data set."""
    streams: tuple[Stream, Stream] = ("first", "second")
    starts = {
        stream: [term.start_epoch for term in recipe.loss.values() if term.data in ("both", stream)]
        for stream in streams
    }
    return {stream: min(epochs) for stream, epochs in starts.items() if epochs}


def _paths(recipe: Recipe, records: Records) -> dict[int, str]:
    """Training images by what a batch calls them: rows, or for clips their tracklets."""
    if recipe.data.clips is None:
        return dict(enumerate(map(str, records.paths)))
    firsts = one_row_a_tracklet(records)
    return dict(zip(firsts.table["tracklet"].tolist(), map(str, firsts.paths), strict=True))


def _seed(seed: int, stream: int) -> None:
    """Seed torch, with another sequence for each stream."""
    torch.manual_seed(int(np.random.SeedSequence((seed, stream)).generate_state(1, np.uint64)[0]))
