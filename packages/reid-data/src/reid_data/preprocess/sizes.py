"""Size tables: into which of five buckets the short side of an image falls, one-hot.

``Category,Image,<32,32-64,64-128,128-256,>256`` is published for LTCC, PRCC and Celeb-reID without
the script that made it. A bucket holds its lower bound and not its upper one, except that 256
itself belongs to ``128-256``, as the last header says "more than 256".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from reid_data.console import Advance
from reid_data.images import Unreadable, UnreadableImagesError
from reid_data.preprocess.naming import Naming, category, file_name
from reid_data.preprocess.outputs import do_each
from reid_data.preprocess.published import Style, read_raw, write_raw
from reid_data.records import Ids, Records

__all__ = [
    "BUCKETS",
    "HEADER",
    "SizeTable",
    "image_sizes",
    "read_sizes",
    "size_buckets",
    "size_table",
    "write_sizes",
]

BUCKETS = ("<32", "32-64", "64-128", "128-256", ">256")
HEADER = ("Category", "Image", *BUCKETS)
_STYLE = Style(HEADER)
_BOUNDS = (32, 64, 128, 257)


@dataclass(frozen=True, eq=False)
class SizeTable:
    """The bucket of each image, as published.

    Attributes:
        categories: ``train``, ``query``, ... ``(N,)``.
        images: names, for example ``001_1_c11_015833.png`` or ``092/A_cropped_rgb001.jpg``.
        buckets: index into `BUCKETS`, ``(N,)`` int64.
        style: how the file was written.
    """

    categories: tuple[str, ...]
    images: tuple[str, ...]
    buckets: Ids
    style: Style = _STYLE

    def __len__(self) -> int:
        return len(self.images)


def size_buckets(sizes: npt.NDArray[np.integer]) -> Ids:
    """Index into `BUCKETS` by the short side.

    Args:
        sizes: heights and widths in pixels, ``(N, 2)``.

    Returns:
        ``(N,)`` int64.

    Examples:
        >>> size_buckets(np.array([[128, 31], [64, 128], [256, 300], [300, 257]])).tolist()
        [0, 2, 3, 4]
    """
    short = np.asarray(sizes).min(axis=1)
    return np.asarray(np.searchsorted(_BOUNDS, short, side="right"), dtype=np.int64)


def image_sizes(
    paths: Sequence[Path],
    *,
    workers: int = 0,
    skip_unreadable: bool = False,
    advance: Advance | None = None,
) -> Ids:
    """Heights and widths of image files, read from their headers without decoding.

    Args:
        paths: the files.
        workers: threads; 0 works in the caller's.
        skip_unreadable: give ``(0, 0)`` for files that are no readable images.
        advance: called with the number of images just finished.

    Returns:
        ``(N, 2)`` int64.

    Raises:
        UnreadableImagesError: files are missing or no images.
    """
    results = do_each(_size, paths, workers=workers, advance=advance)
    unreadable = [result for result in results if isinstance(result, Unreadable)]
    if unreadable and not skip_unreadable:
        raise UnreadableImagesError(unreadable)
    sizes = [(0, 0) if isinstance(result, Unreadable) else result for result in results]
    return np.array(sizes, dtype=np.int64).reshape(-1, 2)


def size_table(
    records: Records,
    *,
    naming: Naming,
    workers: int = 0,
    skip_unreadable: bool = False,
    advance: Advance | None = None,
) -> SizeTable:
    """Measure the images of a data set.

    Args:
        records: what to measure.
        naming: how the table calls an image.
        workers: threads; 0 works in the caller's.
        skip_unreadable: leave out files that are no readable images.
        advance: called with the number of images just finished.

    Raises:
        UnreadableImagesError: files are missing or no images.
    """
    sizes = image_sizes(
        records.paths, workers=workers, skip_unreadable=skip_unreadable, advance=advance
    )
    paths = [path for path, (side, _) in zip(records.table["path"], sizes, strict=True) if side]
    return SizeTable(
        tuple(category(path, naming) for path in paths),
        tuple(file_name(path, naming) for path in paths),
        size_buckets(sizes[sizes[:, 0] > 0]),
    )


def read_sizes(path: Path | str) -> SizeTable:
    """Read a size table, with or without its header.

    Raises:
        ValueError: the file is missing or malformed, or a row is not one-hot; the message names the
            line.
    """
    raw = read_raw(path, headers=[HEADER], columns=len(HEADER))
    for line, row in zip(raw.lines, raw.rows, strict=True):
        if sorted(row[2:]) != ["0", "0", "0", "0", "1"]:
            raise ValueError(
                f"{path}, line {line}: expected one 1 and four 0 ({', '.join(BUCKETS)}), "
                f"came {','.join(row[2:])}"
            )
    return SizeTable(
        tuple(row[0] for row in raw.rows),
        tuple(row[1] for row in raw.rows),
        np.array([row.index("1", 2) - 2 for row in raw.rows], dtype=np.int64),
        raw.style,
    )


def write_sizes(table: SizeTable, path: Path | str) -> None:
    """Write a size table in its style; one that was read comes out in the same bytes."""
    one_hot = np.eye(len(BUCKETS), dtype=int).astype(str).tolist()
    rows = zip(table.categories, table.images, table.buckets.tolist(), strict=True)
    write_raw(path, ([name, image, *one_hot[b]] for name, image, b in rows), style=table.style)


def _size(path: Path) -> tuple[int, int] | Unreadable:
    try:
        with Image.open(path) as image:
            return image.height, image.width
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or "not an image"
        return Unreadable(path, str(reason).lower())
