"""From a recipe's name or file and the user's overrides to a checked `Recipe`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast, get_type_hints

from pydantic import create_model as create_section

from reid_core.models import create_model, kind_registry, poolings
from reid_core.training.recipes.errors import validated
from reid_core.training.recipes.overrides import read_override, set_key
from reid_core.training.recipes.recipe import ModelSection, Recipe, TermSection
from reid_core.training.recipes.sections import Section
from reid_core.training.recipes.texts import raw_recipe
from reid_core.training.terms import term_registry
from reid_data.plugins import load_plugins, locate_plugins

__all__ = ["load_recipe", "parse_recipe"]

_Section = TypeVar("_Section", bound=Section)

# What the loop knows itself, or what has its own place in a recipe.
_OF_TERMS = ("self", "embedding_size", "num_classes", "branch_sizes", "weight", "loop")
_OF_MODELS = ("name", "image_size")


def load_recipe(
    name_or_path: str | Path, overrides: Sequence[str] = (), *, scale: int | None = None
) -> Recipe:
    """Read a recipe by name or from a ``.yaml`` file, apply overrides, and check every key.

    What it lists as ``plugins`` is imported first, so a stranger's recipe is a stranger's program.

    Args:
        name_or_path: one of `list_recipes`, or a path that ends in ``.yaml`` or ``.yml``.
        overrides: ``"section.key=value"`` with values in YAML; ``none`` means none, and as the
            value of a whole loss term it takes the term out.
        scale: train and validate with images reduced by this factor. Where the recipe pairs
            originals with reduced twins, only the twins and the queries are; 1 reduces nothing.

    Raises:
        ValueError: unknown recipe, unreadable YAML, unknown key (names the nearest valid one), or
            a value of the wrong type; always one line.

    Examples:
        >>> recipe = load_recipe("baseline", ["optimizer.lr=3e-4", "loss.triplet.margin=none"])
        >>> recipe.optimizer.lr
        0.0003
    """
    raw = raw_recipe(name_or_path)
    _locate_plugins(raw, folder=Path(name_or_path).parent)
    if scale is not None:
        _reduce(raw, scale)
    for override in overrides:
        path, value = read_override(override)
        set_key(raw, path, value)
        if value is None and path[0] == "loss" and len(path) == 2:
            del raw["loss"][path[1]]
    _locate_plugins(raw)
    load_plugins(raw["plugins"])
    return parse_recipe(raw)


def parse_recipe(raw: Mapping[str, Any]) -> Recipe:
    """Check nested plain values, as YAML or JSON hold them, and build the typed recipe.

    Raises:
        ValueError: one line naming the key, what was expected and what came.
    """
    entries = raw.get("loss")
    if not isinstance(entries, Mapping):
        raise ValueError(f"recipe key loss should hold terms by name, came {entries!r}")
    loss = {str(name): _parse_term(str(name), entry) for name, entry in entries.items()}
    model = _parse_model(raw.get("model"))
    return validated(Recipe, {**raw, "model": model, "loss": loss})


def _locate_plugins(raw: dict[str, Any], *, folder: Path = Path()) -> None:
    """Files of a recipe lie where it does, those of an override below the current folder."""
    named = raw.get("plugins") or []
    named = [named] if isinstance(named, str) else named
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise ValueError(f"recipe key plugins should list modules or .py files, came {named!r}")
    raw["plugins"] = locate_plugins(named, folder=folder)


def _reduce(raw: dict[str, Any], scale: int) -> None:
    """Set the factor of everything that loses its detail."""
    data = raw["data"] = dict(raw.get("data") or {})
    before = dict(data.get("low_resolution") or {})
    twins = bool(before.get("twins"))
    data["low_resolution"] = {**before, "scales": [scale]} if twins or scale != 1 else None
    if data.get("second") and not data["second"].get("degrade"):
        # Originals and twins are told apart in the first; the second looks as the cameras do.
        alike = {"scales": [scale]} if scale != 1 else None
        data["second"] = {**data["second"], "low_resolution": alike}
    seen = {"query_scale": scale, "gallery_scale": 1 if twins else scale}
    raw["evaluation"] = {**(raw.get("evaluation") or {}), **seen}


def _parse_model(entry: Any) -> ModelSection:
    section = _section_of(create_model, base=ModelSection, leave_out=_OF_MODELS)
    if entry is None:
        entry = {}
    if not isinstance(entry, Mapping):
        raise ValueError(f"recipe key model should hold keys of its own, came {entry!r}")
    checked = validated(section, entry, path=("model",))
    for key, known in (("kind", kind_registry), ("pooling", poolings)):
        named = getattr(checked, key)
        try:
            _ = named is None or known[named]
        except ValueError as error:
            raise ValueError(f"recipe key model.{key}: {error}") from error
    return checked


def _parse_term(name: str, entry: Any) -> TermSection:
    if not name.isidentifier():
        raise ValueError(f"recipe key loss.{name}: a term's name is letters, digits and _")
    if entry is None:
        entry = {}
    if not isinstance(entry, Mapping):
        raise ValueError(f"recipe key loss.{name} should hold a term's options, came {entry!r}")
    registered = str(entry.get("term", name))
    try:
        cls = term_registry[registered]
    except ValueError as error:
        raise ValueError(f"recipe key loss.{name}: {error}") from error
    values = {**entry, "term": registered}
    section = _section_of(cls.__init__, base=TermSection, leave_out=_OF_TERMS)
    return validated(section, values, path=("loss", name))


def _section_of(
    builder: Callable[..., Any], *, base: type[_Section], leave_out: Sequence[str]
) -> type[_Section]:
    """A section with the common keys and the options in the signature of what it configures."""
    hints = get_type_hints(builder, include_extras=True)
    options: dict[str, Any] = {}
    for option, parameter in inspect.signature(builder).parameters.items():
        if option not in leave_out:
            default = ... if parameter.default is parameter.empty else parameter.default
            options[option] = (hints[option], default)
    return cast("type[_Section]", create_section(base.__name__, __base__=base, **options))
