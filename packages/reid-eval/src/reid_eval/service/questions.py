"""What can be asked: the filters of a search, checked before anything is done."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from reid_eval.gallery import Filter
from reid_eval.gallery.interface import GroupBy

__all__ = ["Question", "parse_attribute"]


@dataclass(frozen=True)
class Question:
    """How to search; equal ones are searched together.

    Attributes:
        top_k: answers wanted.
        group_by: ``"tracklet"``, ``"pid"`` or None, one answer for each crop.
        cameras: none means all.
        after: seconds.
        before: seconds.
        pids: none means all.
        attributes: names and values, all of which must hold.
    """

    top_k: int
    group_by: GroupBy | None = None
    cameras: tuple[int, ...] = ()
    after: float | None = None
    before: float | None = None
    pids: tuple[int, ...] = ()
    attributes: tuple[tuple[str, str | int | float | bool], ...] = ()

    def where(self) -> Filter | None:
        """The filter for the gallery.

        Raises:
            ValueError: the span of time is empty.
        """
        found = Filter(
            cameras=self.cameras or None,
            after=self.after,
            before=self.before,
            pids=self.pids or None,
            attributes=dict(self.attributes),
        )
        return None if found.is_empty else found

    def facts(self) -> dict[str, Any]:
        """What was asked for, without what was left open: for the audit log."""
        return {name: value for name, value in asdict(self).items() if value not in (None, ())}


def parse_attribute(text: str) -> tuple[str, str | int | float | bool]:
    """``name=value``; a value that is a JSON number, true or false is one, all else is text.

    Raises:
        ValueError: there is no ``=``, or no name.

    Examples:
        >>> parse_attribute("bag=true"), parse_attribute("colour=red")
        (('bag', True), ('colour', 'red'))
    """
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise ValueError(f"an attribute must be name=value, got {text!r}")
    try:
        parsed = json.loads(value, parse_constant=str)
    except (ValueError, RecursionError):
        return name, value
    return name, parsed if isinstance(parsed, str | int | float | bool) else value
