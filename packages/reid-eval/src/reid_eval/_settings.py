"""Dataclasses whose fields are settings, made from texts of the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from inspect import Parameter, Signature
from typing import Any, get_type_hints

from reid_data.datasets.options import check_options

__all__ = ["from_settings"]


def from_settings(what: str, name: str, kind: type[Any], settings: Mapping[str, Any]) -> Any:
    """An instance of a dataclass; see `reid_data.datasets.options.check_options` for the types.

    Args:
        what: what the name is of, for messages.
        name: for messages.
        kind: the dataclass.
        settings: texts are converted, other values must fit as they are.

    Raises:
        ValueError: a setting is unknown (the message names the nearest), or a value does not fit.
    """
    every, types = fields(kind), get_type_hints(kind)

    def reader() -> None: ...

    reader.__annotations__ = {each.name: types[each.name] for each in every}
    reader.__signature__ = Signature(  # type: ignore[attr-defined]
        [Parameter(each.name, Parameter.KEYWORD_ONLY, default=each.default) for each in every]
    )
    return kind(**check_options(name, reader, settings, what=what))
