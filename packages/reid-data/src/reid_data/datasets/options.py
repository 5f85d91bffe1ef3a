"""Options of a data set: which split, version or protocol, in Python and on the command line."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Collection, Mapping
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

__all__ = ["check_options", "describe_options", "split_name"]

_TRUE_AND_FALSE = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def split_name(spelled: str) -> tuple[str, dict[str, str]]:
    """Take ``NAME:KEY=VALUE,KEY=VALUE`` apart, as it is written after ``--data``.

    Returns:
        The name, and the options as texts.

    Raises:
        ValueError: an option has no value or is given twice.

    Examples:
        >>> split_name("cuhk03:protocol=classic,split=3")
        ('cuhk03', {'protocol': 'classic', 'split': '3'})
    """
    name, colon, rest = spelled.partition(":")
    options: dict[str, str] = {}
    for part in rest.split(",") if colon else ():
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not (key and equals and value):
            raise ValueError(f"options are written NAME:KEY=VALUE,KEY=VALUE; came {spelled!r}")
        if key in options:
            raise ValueError(f"option {key} is given twice in {spelled!r}")
        options[key] = value
    return name, options


def check_options(
    name: str,
    reader: Callable[..., Any],
    options: Mapping[str, Any],
    *,
    what: str = "data set",
    common: Collection[str] = (),
) -> dict[str, Any]:
    """Check options against the keyword arguments of a reader, and turn texts into their types.

    Args:
        name: the data set, for messages.
        reader: its keyword-only arguments are the options; they are annotated with ``int``,
            ``float``, ``bool``, ``str``, a ``Literal`` of texts or numbers, or one of these or
            None.
        options: texts are converted, other values must fit as they are.
        what: what the name is of, for messages.
        common: options that somebody else takes, whatever the reader is, for messages.

    Raises:
        ValueError: an option is unknown (the message names the valid ones), or its value does not
            fit.
    """
    known = _options_of(reader)
    for key in options:
        if key not in known:
            near = difflib.get_close_matches(key, [*known, *common], n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            valid = ", ".join(f"{each} ({_values(kind)})" for each, (kind, _) in known.items())
            anywhere = f"; for any {what}: {', '.join(common)}" if common else ""
            raise ValueError(
                f"{what} {name} has no option {key!r}; {hint}valid: {valid or 'none'}{anywhere}"
            )
    return {key: _convert(f"{name}:{key}", value, known[key][0]) for key, value in options.items()}


def describe_options(reader: Callable[..., Any]) -> dict[str, str]:
    """What each option of a reader may be and is by default, for people.

    Examples:
        >>> def read(root: str, *, version: Literal["v1", "v2"] = "v1", split: int = 0): ...
        >>> describe_options(read)
        {'version': 'v1 or v2, default v1', 'split': 'int, default 0'}
    """
    return {
        key: _values(kind) + ("" if default is None else f", default {default}")
        for key, (kind, default) in _options_of(reader).items()
    }


def _options_of(reader: Callable[..., Any]) -> dict[str, tuple[Any, Any]]:
    options = {
        key: parameter
        for key, parameter in inspect.signature(reader).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    kinds = _resolved(reader, list(options))
    return {
        key: (_without_none(kinds.get(key, str)), parameter.default)
        for key, parameter in options.items()
    }


def _resolved(reader: Callable[..., Any], names: list[str]) -> dict[str, Any]:
    """The annotations of these arguments; what others and the result are does not matter."""
    whole = inspect.unwrap(reader)
    written = {name: whole.__annotations__[name] for name in names if name in whole.__annotations__}
    holder = type("Options", (), {"__annotations__": written})
    try:
        return get_type_hints(holder, globalns=getattr(whole, "__globals__", {}))
    # An annotation is any expression, so it may fail in any way.
    except Exception as error:
        raise ValueError(
            f"the annotations of reader {getattr(reader, '__name__', reader)} cannot be resolved "
            f"({error}); import what they name where the reader is defined, outside TYPE_CHECKING"
        ) from error


def _without_none(kind: Any) -> Any:
    if get_origin(kind) in (Union, UnionType):
        return next(part for part in get_args(kind) if part is not NoneType)
    return kind


def _values(kind: Any) -> str:
    choices = get_args(kind) if get_origin(kind) is Literal else ()
    if kind is bool:
        choices = ("true", "false")
    return " or ".join(map(str, choices)) or getattr(kind, "__name__", str(kind))


def _convert(label: str, value: Any, kind: Any) -> Any:
    if get_origin(kind) is Literal:
        choices = {str(choice): choice for choice in get_args(kind)}
    elif kind is bool:
        choices = dict(_TRUE_AND_FALSE)
        value = str(value).lower()
    elif kind in (int, float):
        try:
            return kind(str(value))
        except ValueError:
            number = "whole number" if kind is int else "number"
            raise ValueError(f"{label} must be a {number}, came {value!r}") from None
    else:
        return kind(value)
    if str(value) not in choices:
        raise ValueError(f"{label} must be {_values(kind)}, came {value!r}")
    return choices[str(value)]
