"""The grammar that the five console scripts share: options, progress, tables and errors.

Nothing here imports torch or pandas, so that ``--help`` answers at once.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from reid_data.workers import parse_workers

__all__ = [
    "Advance",
    "BatchSize",
    "Data",
    "Device",
    "Json",
    "LoaderWorkers",
    "MissingExtraError",
    "Out",
    "Overrides",
    "Root",
    "Seed",
    "SkipUnreadable",
    "Workers",
    "application",
    "note",
    "one_line",
    "progress",
    "require",
    "run",
    "show",
]

Advance = Callable[[int], None]
"""What long library functions call with the number of items they have just finished."""

Data = Annotated[
    str,
    typer.Option(
        "--data",
        help="Data set NAME or NAME:KEY=VALUE, see `reid-data list`; NAME+NAME reads two as one.",
    ),
]
Root = Annotated[Path, typer.Option("--root", help="Folder that holds the data set.")]
Out = Annotated[Path, typer.Option("--out", help="Folder to write to.")]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or cuda:N.")]
BatchSize = Annotated[int, typer.Option("--batch-size", min=1, help="Images in one batch.")]
Workers = Annotated[int, typer.Option("--workers", min=0, help="Processes that share the work.")]
LoaderWorkers = Annotated[
    Any,  # a `WorkerCount`; typer knows no unions
    typer.Option(
        "--workers",
        parser=parse_workers,
        metavar="auto|N",
        help="Loader processes; auto takes as many as bring more than they cost.",
    ),
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of everything random.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for machines.")]
Overrides = Annotated[
    list[str], typer.Option("--set", metavar="KEY=VALUE", help="Override one key of the recipe.")
]
SkipUnreadable = Annotated[
    bool, typer.Option("--skip-unreadable", help="Go on without unreadable images; say how many.")
]

# typer keeps its usage errors private and has moved them once; the base of its one public
# error is the common ancestor in every release.
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]

_BAD_INPUT, _INTERRUPTED = 2, 130


class MissingExtraError(ValueError):
    """A verb needs an optional dependency that is not installed."""


def require(module: str, *, extra: str, for_what: str) -> None:
    """Refuse early, with the command that helps, when an optional dependency is missing.

    Args:
        module: the module to look for, for example ``"lightning"``.
        extra: the requirement that brings it, for example ``"reid-core[train]"``.
        for_what: what needs it, for example ``"reid-core train"``.

    Raises:
        MissingExtraError: the module cannot be imported.
    """
    try:
        import_module(module)
    except ImportError as error:
        message = f"{for_what} needs {module} ({error}); install it with: pip install '{extra}'"
        raise MissingExtraError(message) from error


def application(help_text: str) -> typer.Typer:
    """A Typer application in the house style: plain help, no shell-completion options."""
    app = typer.Typer(
        help=help_text, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
    )
    # A callback keeps the verb in the command line even while a script has only one.
    app.callback()(lambda: None)
    return app


def run(app: typer.Typer) -> None:
    """Run ``app`` on ``sys.argv``; bad input becomes one line on stderr and exit code 2."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    arguments = sys.argv[1:] or ["--help"]
    try:
        status = app(arguments, standalone_mode=False)
    except _UsageError as error:
        _fail(getattr(error, "format_message", error.__str__)())
    except (ValueError, OSError) as error:
        logging.getLogger(__name__).debug("bad input", exc_info=True)
        _fail(str(error))
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(_INTERRUPTED)
    else:
        sys.exit(status if isinstance(status, int) else 0)


def _fail(message: str) -> None:
    sys.stderr.write(f"error: {message.strip()}\n")
    sys.exit(_BAD_INPUT)


def one_line(error: BaseException) -> str:
    r"""What an error says, without line breaks; its type's name where it says nothing.

    Examples:
        >>> one_line(ValueError("line 1:\n    no colon"))
        'line 1: no colon'
    """
    return " ".join(str(error).split()) or type(error).__name__


def note(message: str) -> None:
    """Write one line for people to stderr, where it does not disturb ``--json``."""
    sys.stderr.write(f"{message}\n")


@contextmanager
def progress(description: str, total: int | None) -> Iterator[Advance]:
    """A progress bar on stderr; yields the function that moves it.

    Examples:
        >>> with progress("decoding", total=2) as advance:
        ...     advance(1)
        ...     advance(1)
    """
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


def show(
    rows: Sequence[Mapping[str, Any]],
    *,
    title: str = "",
    as_json: bool = False,
    payload: Any = None,
) -> None:
    """Print a table on stdout, or with ``as_json`` the payload (the rows where none is given).

    Args:
        rows: one mapping a line; the first one's keys are the columns.
        title: a heading above the table.
        as_json: print JSON instead.
        payload: what JSON prints, if it is more than the rows.
    """
    if as_json:
        body = rows if payload is None else payload
        sys.stdout.write(json.dumps(body, indent=2, default=str) + "\n")
        return
    from rich.console import Console
    from rich.table import Table

    # The title stands above the table, not in it: rich would fold it to the table's width.
    console = Console(highlight=False)
    if title:
        console.print(title, style="bold", soft_wrap=True)
    table = Table()
    for column, value in (rows[0] if rows else {}).items():
        number = isinstance(value, int | float)
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    console.print(table)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)
