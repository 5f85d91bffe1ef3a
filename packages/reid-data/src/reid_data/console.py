"""The grammar that the five console scripts share: options, progress, tables and errors.

Nothing here imports torch or pandas, so that ``--help`` answers at once.
"""

from __future__ import annotations

import json
import logging
import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from reid_data.completion import complete_data
from reid_data.progress import Advance, progress
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
    "out_option",
    "progress",
    "require",
    "run",
    "show",
]


def out_option(help_text: str, *short: str) -> Any:
    """``--out`` in a verb's own words; where nothing can be written is refused before any work.

    Args:
        help_text: what it says of the option.
        short: further names, such as ``"-o"``.
    """
    return typer.Option("--out", *short, help=help_text, callback=_can_be_written)


def _can_be_written(path: Path | None) -> Path | None:
    if path is not None:
        there = next(folder for folder in path.absolute().parents if folder.exists())
        if not there.is_dir():
            raise typer.BadParameter(f"{path} cannot be written: {there} is no folder")
        if not os.access(there, os.W_OK | os.X_OK):
            raise typer.BadParameter(f"{path} cannot be written: {there} lets nobody write here")
    return path


Data = Annotated[
    str,
    typer.Option(
        "--data",
        help="Data set NAME or NAME:KEY=VALUE, see `reid-data list`; NAME+NAME reads two as one.",
        autocompletion=complete_data,
    ),
]
Root = Annotated[Path, typer.Option("--root", help="Folder that holds the data set.")]
Out = Annotated[Path, out_option("Folder to write to.")]
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

_BAD_INPUT, _INTERRUPTED, _READER_GONE = 2, 130, 141


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


def application(help_text: str, *, package: str | None = None) -> typer.Typer:
    """A Typer application in the house style, with shell completion; verbs are added to it.

    In front of the verb stand ``--version`` and ``--plugin``, see `reid_data.plugins`.

    Args:
        help_text: what ``--help`` begins with.
        package: the distribution whose version ``--version`` prints; none: a group of verbs within
            an application, which has none of these.
    """
    app = typer.Typer(
        help=help_text,
        add_completion=package is not None,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    # A callback keeps the verb in the command line even while a script has only one.
    app.callback()((lambda: None) if package is None else _before_verbs(package))
    return app


def _before_verbs(package: str) -> Callable[..., None]:
    def say(wanted: bool) -> None:
        if wanted:
            from importlib.metadata import version

            sys.stdout.write(f"{package} {version(package)}\n")
            raise typer.Exit

    # As defaults, because an annotation could not name what only this function knows.
    version_option = typer.Option(
        False, "--version", callback=say, is_eager=True, help="Print the version."
    )
    plugin_option = typer.Option(
        [], "--plugin", metavar="MODULE", help="Import this module or .py file of your own first."
    )

    def callback(version: bool = version_option, plugin: list[str] = plugin_option) -> None:
        del version  # which has been said
        if plugin:
            from reid_data.plugins import load_plugins

            load_plugins(plugin)

    return callback


def run(app: typer.Typer) -> None:
    """Run ``app`` on ``sys.argv``; bad input becomes one line on stderr and exit code 2."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    arguments = sys.argv[1:] or ["--help"]
    try:
        status = app(arguments, standalone_mode=False)
        sys.stdout.flush()
    except _UsageError as error:
        _fail(_misused(error))
    except BrokenPipeError:
        # Whoever read has seen enough, such as `head`. What is left goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_READER_GONE)
    except (ValueError, OSError) as error:
        logging.getLogger(__name__).debug("bad input", exc_info=True)
        _fail(_said(error))
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(_INTERRUPTED)
    else:
        sys.exit(status if isinstance(status, int) else 0)


def _fail(message: str) -> None:
    sys.stderr.write(f"error: {message.strip()}\n")
    sys.exit(_BAD_INPUT)


def _misused(error: Exception) -> str:
    """In one line, also where choices stand below each other, and with a way on."""
    said = " ".join(getattr(error, "format_message", error.__str__)().split())
    said = said.replace("Value error, ", "")  # pydantic's name for it, which helps nobody
    command = getattr(getattr(error, "ctx", None), "command_path", "")
    if not command or "Did you mean" in said or "Possible options" in said:
        return said
    return f"{said.removesuffix('.')}; see `{command} --help`"


def _said(error: ValueError | OSError) -> str:
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)


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
        sys.stdout.write(json.dumps(_finite(body), indent=2, default=_plain) + "\n")
        return
    from rich.console import Console
    from rich.table import Table

    # The title stands above the table, not in it: rich would fold it to the table's width.
    # Without markup, which would swallow what stands in brackets, such as an extra.
    console = Console(highlight=False, markup=False)
    if title:
        console.print(title, style="bold", soft_wrap=True)
    table = Table()
    for column, value in (rows[0] if rows else {}).items():
        number = isinstance(value, int | float)
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    console.print(table)


def _finite(value: Any) -> Any:
    """The same with null in the place of numbers that JSON does not know."""
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    value = value.item() if hasattr(value, "dtype") and not getattr(value, "shape", 1) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _plain(value: Any) -> Any:
    """What JSON shows of a value that it does not know: a list of an array, else its text."""
    return _finite(value.tolist()) if hasattr(value, "tolist") else str(value)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)
