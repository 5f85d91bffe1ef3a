"""Recipes as values of one type: from a name or a file, and back to YAML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import yaml

from reid_core.training.recipes.errors import validated
from reid_core.training.recipes.overrides import read_override, set_key
from reid_core.training.recipes.sections import Section
from reid_core.training.recipes.texts import raw_recipe

__all__ = ["read_recipe", "recipe_yaml"]

_Recipe = TypeVar("_Recipe", bound=Section)


def read_recipe(
    kind: type[_Recipe], name_or_path: str | Path, overrides: Sequence[str], *, package: str
) -> _Recipe:
    """Read a recipe, apply overrides, and check every key.

    Args:
        kind: the type of the whole recipe.
        name_or_path: one of the package's recipes, or a path that ends in ``.yaml`` or ``.yml``.
        overrides: ``"section.key=value"`` with values in YAML.
        package: the import package that the recipe comes with.

    Raises:
        ValueError: unknown recipe, unreadable YAML, unknown key (the nearest valid one is named),
            or a value of the wrong type; always one line.
    """
    raw = raw_recipe(name_or_path, package=package)
    for override in overrides:
        set_key(raw, *read_override(override))
    return validated(kind, raw)


def recipe_yaml(recipe: Section) -> str:
    """The complete recipe as YAML, every default written out."""
    return yaml.safe_dump(recipe.model_dump(mode="json", by_alias=True), sort_keys=False)
