"""Which rows of a gallery a search may answer with."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

__all__ = ["Filter", "Scalar"]

Scalar = str | int | float | bool
"""What an attribute can be compared with."""


@dataclass(frozen=True)
class Filter:
    """Conditions that all must hold; what is not said holds for every row.

    Attributes:
        cameras: ``camid`` is one of these.
        after: ``timestamp`` is this or later, in seconds.
        before: ``timestamp`` is earlier than this, in seconds.
        pids: ``pid`` is one of these.
        attributes: each of these attributes has this value, or one of these values. A row that
            lacks the attribute does not pass.

    A row whose time or camera is not known passes no condition on it.

    Raises:
        ValueError: a condition of another type, a time that is no number, or an empty span.

    Examples:
        >>> Filter(cameras=[1, 2], after=60.0).is_empty
        False
        >>> Filter.from_mapping({"camera": [1]})
        Traceback (most recent call last):
        ValueError: unknown filter 'camera', did you mean 'cameras'? There are: cameras, after, \
before, pids, attributes
    """

    cameras: Sequence[int] | None = None
    after: float | None = None
    before: float | None = None
    pids: Sequence[int] | None = None
    attributes: Mapping[str, Scalar | Sequence[Scalar]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("cameras", "pids"):
            values = getattr(self, name)
            if values is not None:
                object.__setattr__(self, name, _whole_numbers(name, values))
        for name in ("after", "before"):
            seconds = getattr(self, name)
            if seconds is not None:
                object.__setattr__(self, name, _seconds(name, seconds))
        if self.after is not None and self.before is not None and self.after >= self.before:
            raise ValueError(f"after must be earlier than before, got {self.after}, {self.before}")
        if not isinstance(self.attributes, Mapping):
            raise ValueError(f"attributes must map names to values, got {self.attributes!r}")
        for name, value in self.attributes.items():
            _check_attribute(name, value)

    @property
    def is_empty(self) -> bool:
        """Whether every row passes."""
        spans = (self.cameras, self.after, self.before, self.pids)
        return not self.attributes and all(part is None for part in spans)

    def allowed(self, attribute: str) -> tuple[Scalar, ...]:
        """The values that ``attribute`` may have."""
        value = self.attributes[attribute]
        return (value,) if isinstance(value, Scalar) else tuple(value)

    @classmethod
    def from_mapping(cls, conditions: Mapping[str, Any]) -> Filter:
        """A filter from names and values, as they come from a file or over a network.

        Raises:
            ValueError: a name is not known; the message says the nearest one.
        """
        known = [part.name for part in fields(cls)]
        for name in conditions:
            if name not in known:
                near = difflib.get_close_matches(str(name), known, 1, cutoff=0.5)
                hint = f", did you mean {near[0]!r}?" if near else "."
                raise ValueError(f"unknown filter {name!r}{hint} There are: {', '.join(known)}")
        return cls(**conditions)


def _whole_numbers(name: str, values: Any) -> tuple[int, ...]:
    if isinstance(values, str | bytes) or not hasattr(values, "__iter__"):
        raise ValueError(f"{name} must be a list of whole numbers, got {values!r}")
    found = []
    for value in values:
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise ValueError(f"{name} must be whole numbers, got {value!r}")
        found.append(int(value))
        if not -(1 << 63) <= found[-1] < 1 << 63:
            raise ValueError(f"{name} must be 64-bit numbers, got {value!r}")
    return tuple(found)


def _seconds(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} must be seconds, got {value!r}")
    try:
        seconds = float(value)
    except OverflowError:
        seconds = math.inf
    if not math.isfinite(seconds):
        raise ValueError(f"{name} must be finite seconds, got {value!r}")
    return seconds


def _check_attribute(name: Any, value: Any) -> None:
    if not isinstance(name, str) or not name:
        raise ValueError(f"an attribute's name must be a text, got {name!r}")
    listed = [value] if isinstance(value, Scalar) else value
    if not isinstance(listed, Sequence) or not all(isinstance(one, Scalar) for one in listed):
        raise ValueError(
            f"attribute {name!r} is compared with texts, numbers, true or false, got {value!r}"
        )
