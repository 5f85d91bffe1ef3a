"""Progress of long work: a bar for people at a terminal, a line now and then for a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Advance", "progress"]

Advance = Callable[[int], None]
"""What long library functions call with the number of items they have just finished."""

_SECONDS_BETWEEN_LINES = 30.0


@contextmanager
def progress(description: str, total: int | None) -> Iterator[Advance]:
    """Show on stderr how far something is; yields the function that says so.

    At a terminal it is a bar that moves. Elsewhere, such as in a log, it is one line every half
    minute and one at the end.

    Examples:
        >>> with progress("decoding", total=2) as advance:
        ...     advance(1)
        ...     advance(1)
    """
    shown = _bar(description, total) if sys.stderr.isatty() else _lines(description, total)
    with shown as advance:
        yield advance


@contextmanager
def _bar(description: str, total: int | None) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(description, total=total, speed="")

        def advance(count: int) -> None:
            bar.advance(task, count)
            speed = bar.tasks[0].speed
            bar.update(task, speed=f"{speed:,.0f}/s" if speed else "")

        yield advance


@contextmanager
def _lines(description: str, total: int | None) -> Iterator[Advance]:
    begun = said = time.monotonic()
    done = 0

    def say() -> None:
        seconds = time.monotonic() - begun
        speed = f", {done / seconds:,.0f}/s" if done and seconds > 0 else ""
        of = "" if total is None else f"/{total:,}"
        sys.stderr.write(f"{description} {done:,}{of} in {seconds:,.0f} s{speed}\n")

    def advance(count: int) -> None:
        nonlocal done, said
        done += count
        if time.monotonic() - said >= _SECONDS_BETWEEN_LINES:
            said = time.monotonic()
            say()

    yield advance
    say()
