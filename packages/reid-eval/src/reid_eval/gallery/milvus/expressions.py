"""Conditions in Milvus' own language."""

from __future__ import annotations

import json
from collections.abc import Iterable

from reid_eval.gallery.filters import Filter

__all__ = ["EVERY", "UNKNOWN_TIME", "among", "expression"]

UNKNOWN_TIME = -1e300
"""Stands for a time that is not known, which Milvus has no number for."""

EVERY = "id >= 0"
_NONE = "id < 0"


def expression(where: Filter | None) -> str:
    """What passes ``where``.

    Examples:
        >>> expression(Filter(cameras=[1, 2], attributes={"colour": "red"}))
        'camid in [1, 2] and (attributes["colour"] == "red")'
        >>> expression(None)
        'id >= 0'
    """
    if where is None or where.is_empty:
        return EVERY
    parts = []
    if where.cameras is not None:
        parts.append(among("camid", (each for each in where.cameras if each >= 0)))
    if where.pids is not None:
        parts.append(among("pid", where.pids))
    if where.after is not None:
        parts.append(f"timestamp >= {where.after!r}")
    if where.before is not None:
        parts.append(f"timestamp < {where.before!r} and timestamp > {UNKNOWN_TIME / 10!r}")
    for name in where.attributes:
        # Names and values are quoted as JSON, which is how Milvus reads texts.
        equal = [
            f"attributes[{json.dumps(name)}] == {json.dumps(value)}"
            for value in where.allowed(name)
        ]
        parts.append(f"({' or '.join(equal)})" if equal else _NONE)
    return " and ".join(parts)


def among(column: str, values: Iterable[int]) -> str:
    """A number column that has one of these values."""
    listed = list(values)
    return f"{column} in {listed}" if listed else _NONE
