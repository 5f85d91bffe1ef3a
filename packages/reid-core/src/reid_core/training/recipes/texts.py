"""Recipes as they are written, without the types behind them: quick to list and to print."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from reid_core.registry import nearest
from reid_data.console import one_line

__all__ = ["describe_recipe", "list_recipes", "raw_recipe", "recipe_text", "recipes_of"]

_SUFFIXES = (".yaml", ".yml")


def list_recipes() -> list[str]:
    """Names of the recipes that come with the package, sorted."""
    return recipes_of("reid_core")


def recipes_of(package: str) -> list[str]:
    """Names of the recipes that come with an import package, sorted."""
    folder = files(package) / "recipes"
    return sorted(Path(entry.name).stem for entry in folder.iterdir() if _is_yaml(entry.name))


def recipe_text(name_or_path: str | Path, *, package: str = "reid_core") -> str:
    """The YAML of a recipe as it was written, comments included.

    Args:
        name_or_path: one of the package's recipes, or a path that ends in ``.yaml`` or ``.yml``.
        package: the import package that it comes with.

    Raises:
        ValueError: there is no such recipe; the message names the nearest.
    """
    name = str(name_or_path)
    if _is_yaml(name):
        path = Path(name)
        if not path.is_file():
            raise ValueError(f"no recipe file at {path}")
        return path.read_text(encoding="utf-8")
    known = recipes_of(package)
    if name not in known:
        hint = "".join(f"did you mean {alike!r}? " for alike in nearest(name, known, count=1))
        raise ValueError(
            f"unknown recipe {name!r}; {hint}Known: {', '.join(known)}; "
            "a recipe of your own is a path that ends in .yaml"
        )
    return (files(package) / "recipes" / f"{name}.yaml").read_text(encoding="utf-8")


def raw_recipe(name_or_path: str | Path, *, package: str = "reid_core") -> dict[str, Any]:
    """What a recipe says, as nested plain values.

    Args:
        name_or_path: this and the package: see `recipe_text`.
        package: the import package that it comes with.

    Raises:
        ValueError: there is no such recipe, or it is no YAML with sections; always one line.
    """
    text = recipe_text(name_or_path, package=package)
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        said = one_line(error)
        raise ValueError(f"recipe {name_or_path} is not readable YAML: {said}") from error
    if not isinstance(raw, dict):
        raise ValueError(f"recipe {name_or_path} should hold sections such as data:, came {raw!r}")
    return raw


def describe_recipe(name_or_path: str | Path) -> str:
    """What the recipe says of itself, in one line."""
    return str(raw_recipe(name_or_path).get("description", ""))


def _is_yaml(name: str) -> bool:
    return name.endswith(_SUFFIXES)
