"""A recipe of reid-core, and the same with generated images in every batch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reid_core.training import Recipe, load_recipe
from reid_core.training.terms import term_registry
from reid_gen.augmenting.term import Labels

__all__ = ["Mixing", "with_generated", "without_generated"]

_GENERATED = "generated"


@dataclass(frozen=True)
class Mixing:
    """What part generated images have in a training.

    Attributes:
        ratio: generated images in a batch for each real one.
        weight: of the loss of their identities.
        labels: whom they show, see `GeneratedIdentityTerm`.
        compare: whether terms that compare images of a batch, such as triplets, see them too.

    Raises:
        ValueError: ratio or weight are not positive.
    """

    ratio: float = 0.5
    weight: float = 0.5
    labels: Labels = "smoothed"
    compare: bool = False

    def __post_init__(self) -> None:
        if self.ratio <= 0 or self.weight <= 0:
            raise ValueError(
                "ratio and weight of generated images must be positive, came "
                f"{self.ratio:g} and {self.weight:g}; arm real trains without any"
            )

    def batch(self, recipe: Recipe) -> tuple[int, int]:
        """Identities of generated images in a batch, and images of each."""
        people, images = recipe.data.identities_per_batch, recipe.data.images_per_identity
        each = max(1, round(images * self.ratio))
        return max(2, round(people * images * self.ratio / each)), each


def without_generated(name: str, overrides: Sequence[str]) -> Recipe:
    """The recipe of the arm without generated images, for which their overrides mean nothing.

    Raises:
        ValueError: as `reid_core.training.load_recipe`.
    """
    theirs = ("data.second", f"loss.{_GENERATED}")
    return load_recipe(name, [one for one in overrides if not one.strip().startswith(theirs)])


def with_generated(name: str, overrides: Sequence[str], mixing: Mixing) -> Recipe:
    """A recipe that learns from a second data set of generated images of the same people.

    The network sees a batch of each at once. The recipe's own terms learn from the real images, and
    those that compare images from both if that is wanted; the identities of generated images are
    learned under the first of the recipe's classifiers that can tell them.

    Args:
        name: of a recipe of reid-core, or a path.
        overrides: as for `reid_core.training.load_recipe`.
        mixing: how they are mixed in.

    Raises:
        ValueError: no term of the recipe has a classifier, or it has a second data set already.
    """
    plain = without_generated(name, overrides)
    if plain.data.second is not None or plain.clusters:
        raise ValueError(
            f"recipe {name} has a second data set or clusters already, generated images would be "
            "a third part; choose a recipe of one labelled data set, such as baseline"
        )
    people, images = mixing.batch(plain)
    second = {
        "order": "mixed",
        "same_people": True,
        "identities_per_batch": people,
        "images_per_identity": images,
    }
    compared = {
        term
        for term, section in plain.loss.items()
        if mixing.compare and getattr(term_registry[section.term], "gathers", False)
    }
    term: dict[str, Any] = {
        "term": "generated_identity",
        "data": "second",
        "weight": mixing.weight,
        "labels": mixing.labels,
        "head": _classifier(name, plain),
    }
    added = [f"loss.{own}.data={'both' if own in compared else 'first'}" for own in plain.loss]
    added += [f"data.second={json.dumps(second)}", f"loss.{_GENERATED}={json.dumps(term)}"]
    # What the user sets comes last, and wins.
    return load_recipe(name, [*added, *overrides])


def _classifier(name: str, recipe: Recipe) -> str:
    for term, section in recipe.loss.items():
        kind = term_registry[section.term]
        several = getattr(section, "of", "whole") == "branches"
        if kind.per_identity and not several and "logits" in vars(kind):
            return term
    raise ValueError(
        f"no term of recipe {name} has one classifier of the identities, under which generated "
        "images could be learned; add one by --set loss.cross_entropy.weight=1"
    )
