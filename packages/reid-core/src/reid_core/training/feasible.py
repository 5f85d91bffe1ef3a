"""Refuse what cannot work, before a long training starts, and say what to change."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Literal

import torch
from torch import nn

from reid_core.models import read_checkpoint
from reid_core.training.data.clusterers import load_clusterer
from reid_core.training.data.split import TrainingData
from reid_core.training.data.streams import Sees
from reid_core.training.recipes.recipe import Recipe
from reid_core.training.terms import term_registry
from reid_data import tracklets_of

__all__ = ["check_machine", "check_model", "check_recipe"]


def check_recipe(recipe: Recipe, data: TrainingData) -> None:
    """Refuse combinations of recipe keys, or of a recipe and its data, that cannot work.

    Raises:
        ValueError: names the keys and what to set them to.
    """
    problems = chain(
        _of_second(recipe, data),
        _of_labels(recipe),
        _of_terms(recipe),
        _of_teachers(recipe),
        _of_times(recipe),
        _of_clips(recipe, data),
    )
    for problem in problems:
        raise ValueError(problem)


def check_model(recipe: Recipe, model: nn.Module) -> None:
    """Refuse a video model on images, and an image model on clips.

    Raises:
        ValueError: says which key to change.
    """
    takes_clips = bool(getattr(model, "takes_clips", False))
    if takes_clips and recipe.data.clips is None:
        raise ValueError(
            f"{recipe.model.name} as this recipe builds it takes clips, but data.clips is none; "
            "use --set data.clips.length=4, or a model for images"
        )
    if recipe.data.clips is not None and not takes_clips:
        raise ValueError(
            f"data.clips asks for clips, but {recipe.model.name} as this recipe builds it takes "
            "single images; use --set data.clips=none, or a video model, such as "
            "--set model.kind=video-average"
        )


def check_machine(
    recipe: Recipe, *, device: torch.device, devices: int, strategy: Literal["ddp", "fsdp"]
) -> None:
    """Refuse more devices than there are, and shares of a network where there can be none.

    Raises:
        ValueError: says what there is.
    """
    if device.type == "cuda" and devices > (there := torch.cuda.device_count()):
        raise ValueError(f"--devices is {devices}, but torch sees {there} CUDA device(s)")
    if strategy == "fsdp":
        if recipe.optimizer.ema_decay is not None or recipe.optimizer.swa_start is not None:
            raise ValueError(
                "--strategy fsdp keeps no average of the weights; use ddp, or --set "
                "optimizer.ema_decay=none --set optimizer.swa_start=none"
            )
        if any(freeze.until is not None for freeze in recipe.optimizer.freeze):
            raise ValueError(
                "--strategy fsdp cannot let parameters learn from some epoch on; use ddp, or leave "
                "optimizer.freeze.until away"
            )


def _of_second(recipe: Recipe, data: TrainingData) -> Iterator[str]:
    if recipe.data.second is not None and data.second is None:
        yield (
            "the recipe trains on a second data set; name it by --second-data and --second-root, "
            "or use --set data.second=none"
        )
    if recipe.data.second is None and data.second is not None:
        yield (
            "a second data set is given, and data.second is none, so nothing says how to use it; "
            "use --set data.second.order=together"
        )
    seen = {section.data for section in recipe.loss.values()}
    if recipe.data.second is None:
        for name, section in recipe.loss.items():
            if section.data == "second":
                yield (
                    f"loss.{name} sees a second data set only, and data.second is none; use "
                    f"--set loss.{name}.data=first, or --set data.second.order=together"
                )
    elif "both" not in seen and len(seen) == 1:
        yield (
            f"all terms see the {next(iter(seen))} data set only; give one of them the other, as by"
            f" --set loss.{next(iter(recipe.loss))}.data=both, or train on one"
        )


def _of_labels(recipe: Recipe) -> Iterator[str]:
    two = recipe.data.second is not None
    if recipe.clusters and recipe.same_people:
        yield (
            "data.pseudo_labels finds other labels in each epoch than those of the second data "
            "set; use --set data.second.same_people=false, or --set data.pseudo_labels=none"
        )
    clusters, labels = recipe.clusters, recipe.data.pseudo_labels
    if clusters and labels is not None:
        load_clusterer(labels.clusterer, labels.options)
    if clusters and recipe.data.clips is not None:
        yield (
            "data.pseudo_labels clusters single images; use --set data.clips=none, or labels of "
            "tracklets by data.pseudo_labels.file"
        )
    for name, section in recipe.loss.items():
        term, sees = term_registry[section.term], section.data
        if clusters and getattr(term, "per_identity", False) and (not two or sees != "second"):
            yield (
                f"loss.{name} holds something for each identity, and data.pseudo_labels finds "
                "others in each epoch; use cluster_memory"
                + (f", or --set loss.{name}.data=second" if two else "")
            )
        if getattr(term, "needs_features", False) and recipe.data.clips is not None:
            yield f"loss.{name} remembers single images; use --set data.clips=none"
        if getattr(term, "needs_features", False) and two and sees != "first":
            yield (
                f"loss.{name} remembers the images of the first data set; use "
                f"--set loss.{name}.data=first"
            )


def _of_terms(recipe: Recipe) -> Iterator[str]:
    for name, section in recipe.loss.items():
        term = term_registry[section.term]
        twins = _makes_twins(recipe, section.data)
        if getattr(term, "needs_twins", False) and not twins:
            yield (
                f"loss.{name} compares images with their reduced twins, and this recipe makes "
                "none; use --scale 4, or --set data.low_resolution='{scales: [4], twins: true}', "
                "or --set data.degrade.mixture=all; for a second data set below data.second"
            )
        labels = getattr(term, "needs_targets", ())
        if labels and recipe.data.second is not None and section.data != "first":
            yield (
                f"loss.{name} learns from labels of its own ({', '.join(labels)}), which only the "
                f"first data set has; use --set loss.{name}.data=first"
            )
        if getattr(term, "gathers", False) and recipe.data.images_per_identity < 2 and not twins:
            yield (
                f"loss.{name} compares images of one person, and data.images_per_identity is "
                f"{recipe.data.images_per_identity}; use --set data.images_per_identity=4"
            )


def _of_teachers(recipe: Recipe) -> Iterator[str]:
    for name, section in recipe.loss.items():
        if not getattr(term_registry[section.term], "needs_teacher", False):
            continue
        folder = getattr(section, "teacher", None)
        if folder is None:
            yield (
                f"recipe key loss.{name}: a teacher is missing; name the checkpoint folder of a "
                f"trained network, --set loss.{name}.teacher=FOLDER"
            )
        else:
            read_checkpoint(folder)


def _makes_twins(recipe: Recipe, sees: Sees) -> bool:
    """Whether all batches that a term sees hold each image and a copy of low quality."""
    sections = {"first": recipe.data, "second": recipe.data.second}
    found = [
        section
        for stream, section in sections.items()
        if section is not None and sees in ("both", stream)
    ]
    return all(
        (each.low_resolution is not None and each.low_resolution.twins) or each.degrade is not None
        for each in found
    )


def _of_times(recipe: Recipe) -> Iterator[str]:
    epochs, start = recipe.schedule.epochs, recipe.optimizer.swa_start
    if start is not None and 0 < epochs <= start:
        yield (
            f"optimizer.swa_start is {start}, and the training ends after schedule.epochs={epochs};"
            f" use at most {epochs - 1}"
        )
    if recipe.evaluation.patience is not None and not recipe.evaluation.val_identities:
        yield (
            "evaluation.patience waits for a better validation, and evaluation.val_identities=0 "
            "means that there is none; set one of them otherwise"
        )


def _of_clips(recipe: Recipe, data: TrainingData) -> Iterator[str]:
    if recipe.data.clips is None:
        return
    length, longest = recipe.data.clips.length, max(map(len, tracklets_of(data.train).rows))
    if length > longest:
        yield (
            f"data.clips.length is {length}, and the longest tracklet to learn from has {longest} "
            f"frames; use --set data.clips.length={longest} or less"
        )
