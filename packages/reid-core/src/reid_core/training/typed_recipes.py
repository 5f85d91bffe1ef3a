"""Recipes of the packages above, each of one type: from a name or a file to checked values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml

from reid_core.training.recipe_errors import validated
from reid_core.training.recipe_texts import recipe_text
from reid_core.training.sections import Section
from reid_data.console import one_line

__all__ = ["read_recipe"]

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
    try:
        raw = yaml.safe_load(recipe_text(name_or_path, package=package))
        for override in overrides:
            _apply(raw, override)
    except yaml.YAMLError as error:
        raise ValueError(
            f"recipe {name_or_path} is not readable YAML: {one_line(error)}"
        ) from error
    return validated(kind, raw)


def _apply(raw: Any, override: str) -> None:
    key, equals, text = override.partition("=")
    *path, last = key.strip().split(".")
    if not equals or not all((*path, last)):
        raise ValueError(f"an override is section.key=value, came {override!r}")
    node = raw
    for part in path:
        node = node.setdefault(part, {})
        if not isinstance(node, dict):
            raise ValueError(f"recipe key {part} is a value, so {key.strip()} cannot be set")
    value = yaml.safe_load(text)
    node[last] = None if str(value).lower() == "none" else value
