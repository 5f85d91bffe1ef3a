"""What is wrong with a recipe, in one line that names the key."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ValidationError

__all__ = ["validated"]

_Model = TypeVar("_Model", bound=BaseModel)
_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
_NO_SECTION = ("model_type", "dataclass_type")


def validated(
    model: type[_Model], values: Mapping[str, Any], *, path: Sequence[str] = ()
) -> _Model:
    """Build a section from plain values.

    Args:
        model: the section's type.
        values: what the recipe says.
        path: where in the recipe the section stands.

    Raises:
        ValueError: one line that names the first bad key by its dotted path, what was expected and
            what came; for an unknown key, the nearest valid one.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ValueError(_one_line(error, model, path=path)) from None


def _one_line(error: ValidationError, model: type[BaseModel], *, path: Sequence[str]) -> str:
    problem = error.errors(include_url=False)[0]
    location = (*path, *(str(part) for part in problem["loc"]))
    key = ".".join(location)
    if problem["type"] in _UNKNOWN:
        valid = [".".join((*path, below)) for below in _keys(model)]
        # A place in a list is no part of a key.
        named = [part for part in location if not part.isdigit()]
        return f"unknown recipe key {key!r}; did you mean {_nearest(named, valid)!r}?"
    if problem["type"] == "missing":
        return f"recipe key {key} is missing"
    if problem["type"] in _NO_SECTION:
        return f"recipe key {key} should hold keys of its own, came {problem['input']!r}"
    message = problem["msg"].removeprefix("Value error, ")
    if not message.startswith("Input should"):
        return f"recipe key {key}: {message}" if key else f"recipe: {message}"
    expected = message.removeprefix("Input ").split(", unable")[0]
    return f"recipe key {key} {expected}, came {problem['input']!r}"


def _keys(section: Any) -> list[str]:
    """Every key below a section's type, as dotted paths relative to it."""
    below: Mapping[str, Any] = {}
    if get_origin(section) in (Union, UnionType, tuple):
        return [key for choice in get_args(section) for key in _keys(choice)]
    if isinstance(section, type) and issubclass(section, BaseModel):
        below = {name: field.annotation for name, field in section.model_fields.items()}
    elif isinstance(section, type) and is_dataclass(section):
        hints = get_type_hints(section)
        below = {field.name: hints[field.name] for field in fields(section)}
    keys = []
    for name, annotation in below.items():
        keys += [name, *(f"{name}.{key}" for key in _keys(annotation))]
    return keys


def _nearest(location: Sequence[str], valid: Sequence[str]) -> str:
    """The valid key most like the wrong one: a sibling, else one elsewhere that ends alike."""
    parent = ".".join(location[:-1])
    siblings = [key for key in valid if key.rpartition(".")[0] == parent]
    for candidates in (siblings, valid):
        by_name = {key.rpartition(".")[2]: key for key in reversed(candidates)}
        close = difflib.get_close_matches(location[-1], by_name, n=1, cutoff=0.6)
        if close:
            return by_name[close[0]]
    return difflib.get_close_matches(".".join(location), valid, n=1, cutoff=0.0)[0]
