"""What may vary: a recipe's key with its bounds or its choices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import yaml

__all__ = ["Choice", "Dimension", "Range", "Suggest", "parse_search"]

_FORMS = "low:high, log:low:high, int:low:high, int-log:low:high or a,b,c"
_KINDS = {"float": (False, False), "log": (False, True), "int": (True, False)}
_KINDS["int-log"] = (True, True)


class Suggest(Protocol):
    """What proposes values: an Optuna trial, or something that looks like one."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """A number."""
        ...

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """A whole number."""
        ...

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """One of some values."""
        ...


@dataclass(frozen=True)
class Range:
    """Numbers between two bounds, both included.

    Attributes:
        key: dotted key of the recipe.
        low: smallest value.
        high: largest value.
        whole: integers only.
        log: factors count, not differences.
    """

    key: str
    low: float
    high: float
    whole: bool = False
    log: bool = False

    @property
    def ends(self) -> tuple[float, float]:
        """Values that a recipe must take for the search to make sense."""
        return (int(self.low), int(self.high)) if self.whole else (self.low, self.high)

    def suggest(self, trial: Suggest) -> float:
        """The value that a trial proposes."""
        if self.whole:
            return trial.suggest_int(self.key, int(self.low), int(self.high), log=self.log)
        return trial.suggest_float(self.key, self.low, self.high, log=self.log)


@dataclass(frozen=True)
class Choice:
    """One of some values.

    Attributes:
        key: dotted key of the recipe.
        choices: the values, written in YAML: a list or ``none`` may be one.
    """

    key: str
    choices: tuple[str, ...]

    @property
    def ends(self) -> tuple[str, ...]:
        """Values that a recipe must take for the search to make sense."""
        return self.choices

    def suggest(self, trial: Suggest) -> str:
        """The value that a trial proposes."""
        chosen: str = trial.suggest_categorical(self.key, self.choices)
        return chosen


Dimension = Range | Choice


def parse_search(texts: Sequence[str]) -> tuple[Dimension, ...]:
    """Read what ``--search`` says.

    Args:
        texts: ``KEY=low:high``, ``KEY=log:low:high``, ``KEY=int:low:high``,
            ``KEY=int-log:low:high`` or ``KEY=a,b,c``.

    Raises:
        ValueError: nothing is said, a text has no such form, bounds are not in order, or a key
            comes twice.

    Examples:
        >>> parse_search(["optimizer.lr=log:1e-5:1e-2"])
        (Range(key='optimizer.lr', low=1e-05, high=0.01, whole=False, log=True),)
        >>> parse_search(["model.pooling=avg,gem"])
        (Choice(key='model.pooling', choices=('avg', 'gem')),)
    """
    found = tuple(_parse(text) for text in texts)
    if not found:
        raise ValueError(
            f"nothing to search for; give --search KEY=... with {_FORMS}, "
            "such as --search optimizer.lr=log:1e-5:1e-2"
        )
    keys = [dimension.key for dimension in found]
    if twice := {key for key in keys if keys.count(key) > 1}:
        raise ValueError(f"--search names {min(twice)} twice")
    return found


def _parse(text: str) -> Dimension:
    key, equals, said = (part.strip() for part in text.partition("="))
    if not equals or not key or not said:
        raise ValueError(f"--search is KEY=... with {_FORMS}; came {text!r}")
    if choices := _choices(said):
        if len(set(choices)) < max(2, len(choices)):
            raise ValueError(f"--search {text}: choices must be two or more different ones")
        return Choice(key, choices)
    kind, *bounds = said.split(":")
    if kind not in _KINDS:
        kind, bounds = "float", said.split(":")
    if len(bounds) != 2:
        raise ValueError(f"--search {text}: expected {_FORMS}")
    return _range(text, key, kind, bounds)


def _range(text: str, key: str, kind: str, bounds: Sequence[str]) -> Range:
    whole, log = _KINDS[kind]
    try:
        low, high = (float(int(bound)) if whole else float(bound) for bound in bounds)
    except ValueError:
        numbers = "whole numbers" if whole else "numbers"
        raise ValueError(f"--search {text}: the bounds must be {numbers}") from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"--search {text}: the lower bound must be below the upper one")
    if log and low <= 0:
        raise ValueError(f"--search {text}: {kind} needs bounds above 0")
    return Range(key, low, high, whole, log)


def _choices(said: str) -> tuple[str, ...]:
    """What stands between the commas that are not inside brackets, if there are any."""
    try:
        nested = yaml.safe_load(f"[{said}]")
    except yaml.YAMLError:
        return ()
    if not isinstance(nested, list) or len(nested) < 2:
        return ()
    return tuple(
        part
        if isinstance(part, str)
        else yaml.safe_dump(part, default_flow_style=True).removesuffix("...\n").strip()
        for part in nested
    )
