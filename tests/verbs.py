"""The verbs of a package's console script, and words with which they can be called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import EnumType
from functools import cached_property
from importlib import import_module
from inspect import unwrap
from typing import Any, get_args, get_type_hints

import typer

__all__ = ["Verb", "verbs_of"]


@dataclass(frozen=True)
class Verb:
    """One verb.

    Attributes:
        words: how it is called, after the script.
        command: what typer made of it.
    """

    words: tuple[str, ...]
    command: Any

    @property
    def options(self) -> set[str]:
        """All its options."""
        return {name for each in self.command.params for name in each.opts}

    @cached_property
    def types(self) -> dict[str, Any]:
        """The type of each parameter: of several, and of one that may be absent, of a value."""
        hints = get_type_hints(unwrap(self.command.callback))
        return {name: _of_one(found) for name, found in hints.items()}

    def filled(self) -> list[str]:
        """A call with everything that must be given; folders and files are those of nowhere."""
        words = list(self.words)
        for each in self.command.params:
            if not each.required:
                continue
            value = _value(each.name, self.types.get(each.name))
            words += [value] if each.param_type_name == "argument" else [each.opts[0], value]
        return words

    def typed(self) -> Iterator[tuple[str, str]]:
        """Options that take numbers or choices, and a value that none takes."""
        for each in self.command.params:
            kind = self.types.get(each.name)
            of_number_or_choice = kind in (int, float) or _choices(kind)
            if each.param_type_name == "option" and not each.is_flag and of_number_or_choice:
                yield each.opts[0], "no-such-value"


def verbs_of(package: str) -> list[Verb]:
    """Every verb of ``reid-PACKAGE``, those in groups too."""
    command = typer.main.get_command(import_module(f"reid_{package}.cli").app)
    return list(_walk(command, ()))


def _walk(command: Any, words: tuple[str, ...]) -> Iterator[Verb]:
    if not hasattr(command, "commands"):
        yield Verb(words, command)
        return
    for name, below in command.commands.items():
        yield from _walk(below, (*words, name))


def _value(name: str, kind: Any) -> str:
    if choices := _choices(kind):
        return choices[0]
    if kind in (int, float):
        return "1"
    named = {"data": "market1501"}
    return named.get(name, f"nowhere/{name}")


def _of_one(found: Any) -> Any:
    inner = [each for each in get_args(found) if each is not type(None)]
    return inner[0] if inner else found


def _choices(kind: Any) -> list[str]:
    return [each.value for each in kind] if isinstance(kind, EnumType) else []
