"""Training images with all the labels and copies that a recipe asks for, or a refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from reid_core.training.data.sidecars import Sidecars
from reid_core.training.data.split import TrainingData
from reid_core.training.data.streams import Stream
from reid_core.training.recipes.recipe import Recipe
from reid_core.training.terms import Target, term_registry
from reid_data import Records
from reid_data.preprocess import (
    DegradedTwins,
    MaskFolder,
    RecolouredTwins,
    genders_of,
    read_genders,
    read_pose_table,
)
from reid_data.preprocess.image_labels import labels_of_images
from reid_data.records import Ids
from reid_data.twin_making import TwinMaker

__all__ = ["Annotated", "annotate"]

_Labels = tuple[Ids, Target, str]


@dataclass(frozen=True)
class Annotated:
    """Training data as the terms of a recipe need them.

    Attributes:
        data: with a column ``label_NAME`` for each further label of the images of the first data
            set, -1 for unknown.
        targets: what there is to know about these labels, by name.
        twins: what makes changed copies, by data set.
        notes: what people should know: how many images lack a label or a mask.
    """

    data: TrainingData
    targets: Mapping[str, Target]
    twins: Mapping[Stream, TwinMaker]
    notes: tuple[str, ...] = ()


def annotate(recipe: Recipe, data: TrainingData, sidecars: Sidecars) -> Annotated:
    """Label the training images and prepare their copies.

    Args:
        recipe: whose terms say which labels they need, and whose data section which copies.
        data: the images.
        sidecars: the tables and masks beside the first data set.

    Raises:
        ValueError: something is missing that the recipe needs; names it and the verb of
            ``reid-data`` that makes it.
    """
    wanted: dict[str, str] = {}
    for name, section in recipe.loss.items():
        for target in getattr(term_registry[section.term], "needs_targets", ()):
            wanted.setdefault(target, f"loss.{name}")
    if recipe.data.recolour is not None:
        wanted.setdefault("clothes", "data.recolour")
    train, notes = data.train.relabel(), []
    targets: dict[str, Target] = {}
    for target, who in wanted.items():
        labels, targets[target], note = _READERS[target](train, recipe, sidecars, who)
        train = Records(train.table.assign(**{f"label_{target}": labels}), train.root, train.info)
        notes += [note] if note else []
    twins = _degraded(recipe)
    if recipe.data.recolour is not None:
        twins["first"], targets["clothes"], note = _recoloured(train, recipe, sidecars, targets)
        notes += [note] if note else []
    if wanted:
        data = replace(data, train=train)
    return Annotated(data, targets, twins, tuple(notes))


def _clothes(train: Records, recipe: Recipe, sidecars: Sidecars, who: str) -> _Labels:  # noqa: ARG001 - as all readers
    column = train.table.get("clothes_id")
    if column is None or column.isna().all():
        raise ValueError(
            f"{who} learns from outfits, and these data have none: no clothes_id. Write their "
            "table by `reid-data manifest`, fill in a column clothes_id, and give it as --data csv"
        )
    known = column.notna().to_numpy(dtype=bool)
    # An outfit belongs to one person even where a data set numbers them anew for each.
    pairs = np.stack([train.labels, column.to_numpy(dtype=np.int64, na_value=-1)], axis=1)
    outfits, numbers = np.unique(pairs[known], axis=0, return_inverse=True)
    labels = np.full(len(train), -1, dtype=np.int64)
    labels[known] = numbers.reshape(-1)
    missing = int((~known).sum())
    note = f"{missing} of {len(train)} training images have no known outfit" if missing else ""
    return labels, Target(len(outfits), tuple(outfits[:, 0].tolist())), note


def _genders(train: Records, recipe: Recipe, sidecars: Sidecars, who: str) -> _Labels:  # noqa: ARG001 - as all readers
    if sidecars.genders is None:
        raise ValueError(
            f"{who} learns from genders; give --genders TABLE, as `reid-data genders` writes it"
        )
    table = read_genders(sidecars.genders)
    labels = genders_of(train, table, numbering=sidecars.gender_ids)
    unknown = np.unique(train.pids[labels < 0])
    if len(unknown) == len(np.unique(train.pids)):
        raise ValueError(
            f"{sidecars.genders} names none of the training identities; `reid-data genders` makes "
            "a table for them"
        )
    images = int((labels < 0).sum())
    note = f"{images} training images of {len(unknown)} identities have no known gender"
    return labels, Target(2), note if images else ""


def _poses(train: Records, recipe: Recipe, sidecars: Sidecars, who: str) -> _Labels:
    if sidecars.poses is None:
        raise ValueError(
            f"{who} learns from pose clusters; give --poses TABLE, as `reid-data poses` writes it"
        )
    column = recipe.data.pose_column
    found = labels_of_images(train, read_pose_table(sidecars.poses), column=column)
    if not (found.labels > 0).any():
        raise ValueError(f"{sidecars.poses} has no pose of a training image; see `reid-data poses`")
    clusters = int(column.rpartition("_")[2])
    note = "" if (found.labels > 0).all() else f"poses of training images: {found}"
    return found.labels - 1, Target(clusters), note


_READERS: Mapping[str, Callable[[Records, Recipe, Sidecars, str], _Labels]] = {
    "clothes": _clothes,
    "gender": _genders,
    "pose": _poses,
}


def _recoloured(
    train: Records, recipe: Recipe, sidecars: Sidecars, targets: Mapping[str, Target]
) -> tuple[TwinMaker, Target, str]:
    section, real = recipe.data.recolour, targets["clothes"]
    if section is None or sidecars.masks is None:
        raise ValueError(
            "data.recolour changes the colours of clothes; give --masks FOLDER, as `reid-data "
            "masks` writes it, or use --set data.recolour=none"
        )
    maker, check = RecolouredTwins.checked(
        train,
        MaskFolder(sidecars.masks, naming=sidecars.naming),
        recolouring=section.recolouring,
        classes=real.classes,
    )
    people = np.unique(train.labels)
    made = np.repeat(people, len(section.recolouring.colours) ** 2).tolist()
    target = Target(real.classes + len(made), (*real.people, *made))
    return maker, target, "" if check.ok else f"recolouring: {check}"


def _degraded(recipe: Recipe) -> dict[Stream, TwinMaker]:
    second = recipe.data.second
    asked = {"first": recipe.data.degrade, "second": None if second is None else second.degrade}
    streams: tuple[Stream, Stream] = ("first", "second")
    found: dict[Stream, TwinMaker] = {}
    for stream in streams:
        section = asked[stream]
        if section is not None:
            found[stream] = DegradedTwins(section.parsed)
    if found and recipe.data.clips is not None:
        raise ValueError(
            "clips have no degraded copies; use --set data.clips=none, or set data.degrade and "
            "data.second.degrade to none"
        )
    return found
