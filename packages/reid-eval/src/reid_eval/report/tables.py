"""Tables that a page may carry: intervals, slices, levels of degradation, open-set rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["PageTable", "points"]


@dataclass(frozen=True)
class PageTable:
    """One section with a table.

    Attributes:
        title: its heading.
        rows: one mapping a line, of texts; the first one's keys are the columns.
        note: a sentence below the table.
    """

    title: str
    rows: Sequence[Mapping[str, str]]
    note: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The headings."""
        return tuple(self.rows[0]) if self.rows else ()


def points(share: float) -> str:
    """A difference of shares in percentage points, signed.

    Examples:
        >>> points(0.0123), points(-0.00001)
        ('+1.2', '0.0')
    """
    text = f"{100 * share:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text
