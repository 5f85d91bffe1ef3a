"""Single keys of a recipe that the user sets, as ``section.key=value``."""

from __future__ import annotations

from typing import Any

import yaml

__all__ = ["read_override", "set_key"]


def read_override(text: str) -> tuple[list[str], Any]:
    """The path of a key, and its value in YAML; ``none`` means none.

    Raises:
        ValueError: it has another form, or its value is not readable.

    Examples:
        >>> read_override("optimizer.lr=3e-4")
        (['optimizer', 'lr'], '3e-4')
    """
    key, equals, value = text.partition("=")
    path = key.strip().split(".")
    if not equals or not all(path):
        raise ValueError(f"an override is section.key=value, came {text!r}")
    try:
        read = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise ValueError(f"the value of override {text!r} is not readable YAML") from error
    return path, None if str(read).lower() == "none" else read


def set_key(raw: dict[str, Any], path: list[str], value: Any) -> None:
    """Set a key of nested plain values; whether there is such a key is not asked.

    Raises:
        ValueError: something above the key is a value.
    """
    node = raw
    for depth, part in enumerate(path[:-1], 1):
        if node.get(part) is None:
            node[part] = {}
        node = node[part]
        if not isinstance(node, dict):
            parent = ".".join(path[:depth])
            raise ValueError(f"recipe key {parent} is a value, so {'.'.join(path)} cannot be set")
    node[path[-1]] = value
