"""From a recipe's sections to the parts of a training."""

from __future__ import annotations

from functools import partial

import torch

from reid_core.models import ReidModel, create_model
from reid_core.training.module import ReidModule
from reid_core.training.optimizers import build_optimizer
from reid_core.training.recipe import Recipe, TermSection
from reid_core.training.schedule import learning_rate_factor
from reid_core.training.terms import Term, term_registry
from reid_core.training.validation import Validation

__all__ = ["build_model", "build_module", "build_terms"]


def build_model(recipe: Recipe, *, seed: int) -> ReidModel:
    """The untrained network of a recipe; what has no published weights is drawn from the seed.

    Draws from torch's global generator, which it seeds.
    """
    torch.manual_seed(seed)
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

    Draws from torch's global generator, which it seeds.
    """
    torch.manual_seed(seed)
    terms = {}
    for name, section in recipe.loss.items():
        common = set(TermSection.model_fields)
        options = {key: value for key, value in section if key not in common}
        terms[name] = term_registry[section.term](
            embedding_size=embedding_size,
            num_classes=num_classes,
            weight=section.weight,
            **options,
        )
    return terms


def build_module(
    recipe: Recipe,
    model: ReidModel,
    *,
    terms: dict[str, Term],
    seed: int,
    validation: Validation | None = None,
) -> ReidModule:
    """The training loop of a recipe."""
    optimizer, schedule = recipe.optimizer, recipe.schedule
    return ReidModule(
        model,
        terms,
        optimizer=partial(
            build_optimizer,
            name=optimizer.name,
            lr=optimizer.lr,
            weight_decay=optimizer.weight_decay,
            momentum=optimizer.momentum,
        ),
        seed=seed,
        learning_rate_factor=partial(
            learning_rate_factor,
            epochs=schedule.epochs,
            kind=schedule.kind,
            warmup_epochs=schedule.warmup_epochs,
            milestones=schedule.milestones,
            gamma=schedule.gamma,
            final_factor=schedule.final_factor,
        ),
        start_epochs={name: section.start_epoch for name, section in recipe.loss.items()},
        clip_norm=optimizer.clip_norm,
        ema_decay=optimizer.ema_decay,
        channels_last=recipe.compute.channels_last,
        validation=validation,
    )
