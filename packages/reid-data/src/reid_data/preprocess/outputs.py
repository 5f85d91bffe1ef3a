"""Folders that appear whole or not at all, and work that is spread over threads."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from reid_data.console import Advance

__all__ = ["check_new", "do_each", "new_folder"]

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `out`, and rename it to `out` if all went well.

    Where the block raises, the temporary folder is removed. A killed process leaves one whose name
    begins with a dot and ends in ``.part``, never half an `out`.

    Raises:
        ValueError: `out` is a file, or a folder that is not empty.

    Examples:
        >>> import tempfile
        >>> out = Path(tempfile.mkdtemp()) / "masks"
        >>> with new_folder(out) as folder:
        ...     _ = (folder / "note.txt").write_text("whole")
        >>> [path.name for path in out.parent.iterdir()], (out / "note.txt").read_text()
        (['masks'], 'whole')
    """
    check_new(out)
    place = out.expanduser().resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f".{place.name}.{os.getpid()}.part")
    temporary.mkdir()
    try:
        yield temporary
        temporary.replace(place)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_new(out: Path) -> None:
    """Refuse a place where something is already, before long work for it begins.

    Raises:
        ValueError: `out` is a file, or a folder that is not empty.
    """
    place = out.expanduser()
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise ValueError(f"{out} exists and is not an empty folder; remove it or name another")


def do_each(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    workers: int = 0,
    advance: Advance | None = None,
) -> list[Result]:
    """Do the same work to each item, in threads, and return the results in order.

    Decoding, resizing and encoding images, reading files and NumPy leave Python's lock alone, so
    threads scale and nothing has to be sent to another process.

    Args:
        work: what to do; the first exception it raises ends everything.
        items: what to do it to.
        workers: threads; 0 works in the caller's.
        advance: called with the number of items just finished.
    """
    if not workers:
        return [_finished(work(item), advance) for item in items]
    with ThreadPoolExecutor(workers) as pool:
        try:
            return [_finished(result, advance) for result in pool.map(work, items)]
        except BaseException:
            # Else leaving the pool would wait for all that has not even begun.
            pool.shutdown(cancel_futures=True)
            raise


def _finished(result: Result, advance: Advance | None) -> Result:
    if advance is not None:
        advance(1)
    return result
