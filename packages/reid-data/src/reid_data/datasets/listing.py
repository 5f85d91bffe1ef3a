"""Looking into folders: which images are there, and what to say when they are not."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

__all__ = ["IMAGE_SUFFIXES", "contents", "image_names", "quoted", "subfolders"]

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
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


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    if not folder.is_dir():
        raise ValueError(f"expected a folder at {folder}; there is none")
    with os.scandir(folder) as found:
        return [entry for entry in found if not entry.name.startswith(".")]
