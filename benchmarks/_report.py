"""What the benchmarks share: their options, pairs measured in turn, and where results go."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

__all__ = ["arguments", "machine", "save", "show", "spent", "turns"]

SMALL = 0.05


def arguments(description: str | None) -> argparse.ArgumentParser:
    """A parser with the options of every benchmark."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=scale, default=1.0, help="of the input: a share, or small")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    return parser


def scale(text: str) -> float:
    """A share of the full size; ``small`` is one that ends in seconds."""
    return SMALL if text == "small" else float(text)


def spent(work: Callable[[], object]) -> float:
    """Seconds of processor time that a piece of work takes, all threads of this process."""
    started = time.process_time()
    work()
    return time.process_time() - started


def turns(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Processor time of each work in each round; they take turns, so that load touches all."""
    for work in works.values():
        work()  # for what is imported and cached
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            seconds[name].append(spent(work))
    return seconds


def ratio(theirs: Sequence[float], ours: Sequence[float]) -> float:
    """How many times faster ours is: the median over the rounds."""
    return statistics.median(one / other for one, other in zip(theirs, ours, strict=True))


def machine(*packages: str) -> dict[str, Any]:
    """Processor and versions: what one needs to know to repeat a measurement."""
    info = Path("/proc/cpuinfo")
    models = [
        line.split(":", 1)[1].strip()
        for line in (info.read_text().splitlines() if info.exists() else ())
        if line.startswith("model name")
    ]
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        **found,
    }


def show(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print a table."""
    table = Table()
    for column, value in rows[0].items():
        table.add_column(column, justify="left" if isinstance(value, str) else "right")
    for row in rows:
        table.add_row(
            *(f"{value:,.4g}" if isinstance(value, float) else str(value) for value in row.values())
        )
    console = Console(width=None if sys.stdout.isatty() else 132, highlight=False)
    if title:
        # Above the table, not in it: rich would fold it to the table's width.
        console.print(title, style="bold")
    console.print(table)


def save(out: Path | None, results: Mapping[str, Any]) -> None:
    """Write the results as JSON, if a file was named."""
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(results, indent=1) + "\n")
