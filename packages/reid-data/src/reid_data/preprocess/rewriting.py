"""A data set again, each image changed: same names, same layout, other pixels."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from PIL import Image

from reid_data.console import Advance
from reid_data.datasets.listing import IMAGE_SUFFIXES, contents, image_names
from reid_data.images import Pixels, Unreadable, UnreadableImagesError, find_unreadable, try_read
from reid_data.preprocess.outputs import do_each, new_folder
from reid_data.records import Records

__all__ = ["Rewritten", "encode_image", "every_image", "rewrite_images"]

# Nearly lossless and without chroma subsampling, so that what was done to the pixels stays visible.
_ENCODING: dict[str, tuple[str, dict[str, int | bool]]] = {
    ".jpg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".jpeg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".png": ("PNG", {"compress_level": 3}),
    ".bmp": ("BMP", {}),
    ".webp": ("WEBP", {"lossless": True}),
}


@dataclass(frozen=True)
class Rewritten:
    """What became of a data set.

    Attributes:
        images: how many were written.
        others: how many other files were copied.
        unreadable: images that were left out.
    """

    images: int
    others: int
    unreadable: tuple[Unreadable, ...]


def every_image(root: Path | str) -> Records:
    """All images below a folder in whatever layout, as records of nobody (pid -1).

    Raises:
        ValueError: there is no such folder or no image in it.
    """
    place = Path(root)
    names = image_names(place, below=True)
    if not names:
        raise ValueError(f"expected images in {place}; found: {contents(place)}")
    return Records(pd.DataFrame({"path": names, "pid": -1, "split": "gallery"}), place)


def rewrite_images(
    records: Records,
    out: Path | str,
    change: Callable[[Pixels, str], Pixels],
    *,
    workers: int = 0,
    skip_unreadable: bool = False,
    advance: Advance | None = None,
    finish: Callable[[Path, Collection[Path]], None] | None = None,
) -> Rewritten:
    """Write a changed copy of the images of `records`, under the same names below `out`.

    Files that are no images (``train-set-bbox.txt``, ``info/*.txt``) are copied, so that what read
    the original reads the copy. Images that are not in the records are left out. `out` appears when
    all is done.

    Args:
        records: what to change.
        out: the new folder.
        change: from pixels ``(H, W, 3)`` and the path relative to the root, to pixels.
        workers: threads; 0 works in the caller's.
        skip_unreadable: leave out images that cannot be read.
        advance: called with the number of images just finished.
        finish: called with the folder, before it takes its place, and the unreadable images: what
            else belongs into it.

    Raises:
        UnreadableImagesError: images cannot be read; those that are missing, empty or no images are
            found before any work.
        ValueError: `out` is not empty.
    """
    names = list(dict.fromkeys(records.table["path"]))
    if not skip_unreadable and (faults := find_unreadable(records, workers=workers, decode=False)):
        raise UnreadableImagesError(faults)
    others = _others(records.root)
    with new_folder(Path(out)) as folder:

        def rewrite(name: str) -> Unreadable | None:
            image = try_read(str(records.root / name))
            if isinstance(image, str):
                return Unreadable(records.root / name, image)
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(encode_image(change(image, name), target.suffix))
            return None

        results = do_each(rewrite, names, workers=workers, advance=advance)
        unreadable = tuple(fault for fault in results if fault is not None)
        if unreadable and not skip_unreadable:
            raise UnreadableImagesError(unreadable)
        for name in others:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(records.root / name, folder / name)
        if finish is not None:
            finish(folder, [fault.path for fault in unreadable])
    return Rewritten(len(names) - len(unreadable), len(others), unreadable)


def encode_image(image: Pixels, suffix: str) -> bytes:
    """Encode pixels ``(H, W, 3)`` in the format that a suffix means: JPEG at quality 95, 4:4:4.

    Raises:
        ValueError: the suffix is not one of an image format that is written here.
    """
    try:
        name, options = _ENCODING[suffix.lower()]
    except KeyError:
        raise ValueError(
            f"expected an image named {', '.join(IMAGE_SUFFIXES)}, came {suffix!r}"
        ) from None
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, name, **options)
    return buffer.getvalue()


def _others(root: Path) -> list[str]:
    """Files below a folder that are neither images nor hidden, relative to it."""
    found = []
    for folder, inner, files in os.walk(root):
        inner[:] = [name for name in inner if not name.startswith(".")]
        found += [
            (Path(folder) / name).relative_to(root).as_posix()
            for name in files
            if not name.startswith(".") and not name.lower().endswith(IMAGE_SUFFIXES)
        ]
    return sorted(found)
