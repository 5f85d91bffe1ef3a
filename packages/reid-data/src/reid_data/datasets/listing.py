"""Looking into folders: which images are there, and what to say when they are not."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

__all__ = [
    "IMAGE_SUFFIXES",
    "contents",
    "find_home",
    "find_images",
    "image_names",
    "quoted",
    "read_lines",
    "subfolders",
]

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
"""What counts as an image by its name, in any case. Hidden files never do."""


def image_names(folder: Path, *, below: bool = False) -> list[str]:
    """Names of the images in a folder, sorted; other files (``Thumbs.db``, notes) are passed over.

    Args:
        folder: where to look.
        below: look into sub-folders too; names are then relative paths with forward slashes.

    Raises:
        ValueError: `folder` is not a folder.
    """
    names: list[str] = []
    pending = [""]
    while pending:
        inner = pending.pop()
        for entry in _entries(folder / inner):
            if entry.is_dir():
                pending += [f"{inner}{entry.name}/"] if below else []
            elif entry.name.lower().endswith(IMAGE_SUFFIXES):
                names.append(inner + entry.name)
    return sorted(names)


def subfolders(folder: Path) -> list[str]:
    """Names of the folders in a folder, sorted, without hidden ones."""
    return sorted(entry.name for entry in _entries(folder) if entry.is_dir())


def contents(folder: Path, *, limit: int = 6) -> str:
    """What a folder holds, for an error message."""
    names = sorted(entry.name + "/" * entry.is_dir() for entry in _entries(folder))
    return quoted(names, limit=limit) or "nothing"


def quoted(names: Iterable[str], *, limit: int = 5) -> str:
    """The first few names, and how many more there are."""
    names = list(names)
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def find_home(root: Path, needed: Iterable[str], *, aliases: Iterable[str] = ()) -> Path:
    """The folder that holds all that is needed: the root, or one of the names below it.

    Args:
        root: what the user gave.
        needed: folders or files that must be there.
        aliases: names that people give to the data set's folder.

    Raises:
        ValueError: it is neither the root nor below it.
    """
    needed, aliases = list(needed), list(aliases)
    for home in (root, *(root / alias for alias in aliases)):
        if all((home / name).exists() for name in needed):
            return home
    if not root.is_dir():
        raise ValueError(f"expected {', '.join(needed)} in the folder {root}; it is a file")
    # The folder that comes nearest is the one that was meant.
    homes = [root, *(root / alias for alias in aliases)]
    lacking = {home: [name for name in needed if not (home / name).exists()] for home in homes}
    nearest = min(homes, key=lambda home: len(lacking[home]))
    if len(lacking[nearest]) < len(needed):
        raise ValueError(
            f"expected {', '.join(needed)} in {nearest}; missing: {', '.join(lacking[nearest])}; "
            f"found there: {contents(nearest)}"
        )
    below = f" or in its sub-folder {' or '.join(aliases)}" if aliases else ""
    raise ValueError(
        f"expected {', '.join(needed)} in {root}{below}; found there: {contents(root)}"
    )


def find_images(root: Path, *, aliases: Iterable[str] = ()) -> Path:
    """The folder that holds images: the root, or one of the names below it.

    Raises:
        ValueError: neither does.
    """
    aliases = list(aliases)
    for home in (root, *(root / alias for alias in aliases)):
        if home.is_dir() and image_names(home):
            return home
    found = contents(root) if root.is_dir() else "a file"
    raise ValueError(
        f"expected images in {root} or in its sub-folder {' or '.join(aliases)}; "
        f"found there: {found}"
    )


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbers (from 1) and texts of a list's lines, stripped and without the empty ones.

    Raises:
        ValueError: there is no such file, or it is not text.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"expected a list in text at {path} ({error})") from error
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield number, line.strip()


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    if not folder.is_dir():
        raise ValueError(f"expected a folder at {folder}; there is none")
    with os.scandir(folder) as found:
        return [entry for entry in found if not entry.name.startswith(".")]
