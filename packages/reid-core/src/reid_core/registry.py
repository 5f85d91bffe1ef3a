"""A table of named things: explicit registration, no duplicates, errors that name the nearest."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

__all__ = ["Registry", "UnknownNameError", "nearest"]

Item = TypeVar("Item")
Registered = TypeVar("Registered")


class UnknownNameError(ValueError):
    """A name under which nothing is registered."""


def nearest(name: str, known: Iterable[str], *, count: int = 3) -> list[str]:
    """The known names most like ``name``, the most alike first; empty if none is alike.

    Examples:
        >>> nearest("resnt50", ["vgg16", "resnet50"])
        ['resnet50']
    """
    return difflib.get_close_matches(name, list(known), n=count, cutoff=0.5)


class Registry(Generic[Item]):
    """Names and what they stand for.

    Args:
        kind: what one entry is, in the words of an error message, for example ``"pooling"``.

    Examples:
        >>> shapes: Registry[type] = Registry("shape")
        >>> @shapes.register("square")
        ... class Square: ...
        >>> shapes.names()
        ['square']
        >>> shapes["sqare"]
        Traceback (most recent call last):
        ...
        reid_core.registry.UnknownNameError: unknown shape 'sqare'; nearest: square; known: square
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._items: dict[str, Item] = {}

    def register(self, name: str) -> Callable[[Registered], Registered]:
        """Decorator that enters what it decorates under ``name`` and returns it unchanged.

        Raises:
            ValueError: ``name`` is taken.
        """

        def enter(item: Registered) -> Registered:
            if name in self._items:
                raise ValueError(f"{self._kind} {name!r} is already registered")
            self._items[name] = item  # type: ignore[assignment]
            return item

        return enter

    def __getitem__(self, name: str) -> Item:
        """What ``name`` stands for.

        Raises:
            UnknownNameError: nothing has this name.
        """
        if name not in self._items:
            alike = nearest(name, self._items)
            hint = f"; nearest: {', '.join(alike)}" if alike else ""
            known = ", ".join(self.names())
            raise UnknownNameError(f"unknown {self._kind} {name!r}{hint}; known: {known}")
        return self._items[name]

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self._items)
