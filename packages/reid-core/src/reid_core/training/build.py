"""From a recipe's sections to the parts of a training."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch

from reid_core.models import ReidModel, create_model
from reid_core.training.loaders import TrainingLoaders
from reid_core.training.module import ReidModule
from reid_core.training.optimizers import build_optimizer
from reid_core.training.recipe import Recipe, TermSection
from reid_core.training.schedule import learning_rate_factor
from reid_core.training.split import TrainingData
from reid_core.training.terms import Term, term_registry
from reid_core.training.validation import Validation

__all__ = ["build_loaders", "build_model", "build_module", "build_terms"]

_MODEL, _TERMS = 0, 1


def build_model(recipe: Recipe, *, seed: int) -> ReidModel:
    """The untrained network of a recipe; what has no published weights is drawn from the seed.

    Seeds torch's global generator.
    """
    _seed(seed, _MODEL)
    return create_model(
        recipe.model.name,
        image_size=recipe.data.image_size,
        pooling=recipe.model.pooling,
        last_stride=recipe.model.last_stride,
        pretrained=recipe.model.pretrained,
        weights=recipe.model.weights,
        options=recipe.model.options,
    )


def build_terms(
    recipe: Recipe, *, embedding_size: int, num_classes: int, seed: int
) -> dict[str, Term]:
    """The loss terms of a recipe by name, their heads drawn from the seed.

    Seeds torch's global generator.
    """
    _seed(seed, _TERMS)
    terms = {}
    for name, section in recipe.loss.items():
        options = {key: value for key, value in section if key not in TermSection.model_fields}
        terms[name] = term_registry[section.term](
            embedding_size=embedding_size,
            num_classes=num_classes,
            weight=section.weight,
            **options,
        )
    return terms


def build_module(recipe: Recipe, model: ReidModel, data: TrainingData, *, seed: int) -> ReidModule:
    """The training loop of a recipe, with its loss terms for the identities of the data."""
    optimizer, schedule, validation = recipe.optimizer, recipe.schedule, data.validation
    return ReidModule(
        model,
        build_terms(
            recipe, embedding_size=model.embedding_size, num_classes=data.identities, seed=seed
        ),
        optimizer=partial(
            build_optimizer,
            name=optimizer.name,
            lr=optimizer.lr,
            weight_decay=optimizer.weight_decay,
            momentum=optimizer.momentum,
        ),
        seed=seed,
        learning_rate_factor=partial(learning_rate_factor, **schedule.model_dump()),
        start_epochs={name: section.start_epoch for name, section in recipe.loss.items()},
        clip_norm=optimizer.clip_norm,
        ema_decay=optimizer.ema_decay,
        channels_last=recipe.compute.channels_last,
        validation=None
        if validation is None
        else Validation(validation, metric=recipe.evaluation.metric),
    )


def build_loaders(
    recipe: Recipe, data: TrainingData, *, seed: int, workers: int, pin_memory: bool
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
    )


def _seed(seed: int, stream: int) -> None:
    """Seed torch, with another sequence for each stream."""
    torch.manual_seed(int(np.random.SeedSequence((seed, stream)).generate_state(1, np.uint64)[0]))
