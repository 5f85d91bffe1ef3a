"""What one look at each picture tells: size, sharpness, and two fingerprints.

The exact fingerprint is equal where the pixels are equal. The perceptual one (Zauner,
Implementation and Benchmarking of Perceptual Image Hash Functions, 2010: "DCT hash") differs in few
of its 64 bits where a picture was encoded anew, resized, or cut a pixel or two aside.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reid_data.console import Advance
from reid_data.images import Pixels, Unreadable, resize, try_read
from reid_data.records import Ids, Records

__all__ = ["THUMBNAIL", "Look", "Looks", "look_at", "look_at_all", "perceptual_hash"]

Hashes = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]

THUMBNAIL = (16, 8)
"""Height and width of the tiny colour pictures by which near duplicates are confirmed."""

_SIDE, _KEPT = 32, 8
_LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class Look:
    """One picture.

    Attributes:
        digest: 64 bits of a digest of shape and pixels, equal where they are equal.
        phash: perceptual hash.
        thumbnail: tiny picture ``(16, 8, 3)``, uint8.
        height: in pixels.
        width: in pixels.
        sharpness: variance of the Laplacian of the grey picture; low where it is blurred.
        contrast: standard deviation of the tiny picture's grey; near 0 where nothing is to be seen.
    """

    digest: int
    phash: int
    thumbnail: Pixels
    height: int
    width: int
    sharpness: float
    contrast: float


@dataclass(frozen=True, eq=False)
class Looks:
    """All pictures of a data set that could be read, one entry a row of the records.

    Attributes:
        rows: rows of the records, ascending, ``(N,)``.
        digests: exact fingerprints ``(N,)``.
        hashes: perceptual hashes ``(N,)``.
        thumbnails: ``(N, 16, 8, 3)``, uint8.
        sizes: height and width ``(N, 2)``, int64.
        sharpness: ``(N,)``.
        contrast: ``(N,)``.
        unreadable: the files that could not be read.
    """

    rows: Ids
    digests: Hashes
    hashes: Hashes
    thumbnails: Pixels
    sizes: Ids
    sharpness: Floats
    contrast: Floats
    unreadable: tuple[Unreadable, ...]


def look_at_all(records: Records, *, workers: int = 0, advance: Advance | None = None) -> Looks:
    """Read each picture once; those that cannot be read are listed, not raised.

    Args:
        records: what to look at.
        workers: threads; 0 does it in the caller's.
        advance: called with the number of rows just looked at.
    """
    paths = [str(path) for path in records.paths]
    looks: list[Look] = []
    rows: list[int] = []
    unreadable: list[Unreadable] = []
    with ThreadPoolExecutor(max(workers, 1)) as pool:
        outcomes = pool.map(_outcome, paths) if workers else map(_outcome, paths)
        for row, outcome in enumerate(outcomes):
            if isinstance(outcome, Look):
                looks.append(outcome)
                rows.append(row)
            else:
                unreadable.append(Unreadable(Path(paths[row]), outcome))
            if advance is not None:
                advance(1)
    return Looks(
        rows=np.array(rows, dtype=np.int64),
        digests=np.array([look.digest for look in looks], dtype=np.uint64),
        hashes=np.array([look.phash for look in looks], dtype=np.uint64),
        thumbnails=np.array([look.thumbnail for look in looks], dtype=np.uint8).reshape(
            -1, *THUMBNAIL, 3
        ),
        sizes=np.array([(look.height, look.width) for look in looks], dtype=np.int64).reshape(
            -1, 2
        ),
        sharpness=np.array([look.sharpness for look in looks], dtype=np.float64),
        contrast=np.array([look.contrast for look in looks], dtype=np.float64),
        unreadable=tuple(dict.fromkeys(unreadable)),
    )


def look_at(pixels: Pixels) -> Look:
    """Measure one picture ``(H, W, 3)``.

    Examples:
        >>> grey = np.full((20, 10, 3), 128, np.uint8)
        >>> look = look_at(grey)
        >>> look.height, look.sharpness, look.contrast
        (20, 0.0, 0.0)
    """
    height, width = pixels.shape[:2]
    small = resize(pixels, (_SIDE, _SIDE))
    rows, columns = THUMBNAIL
    cells = small.reshape(rows, _SIDE // rows, columns, _SIDE // columns, 3)
    thumbnail = np.rint(cells.mean(axis=(1, 3))).astype(np.uint8)
    digest = hashlib.blake2b(f"{height}x{width}:".encode(), digest_size=8)
    digest.update(np.ascontiguousarray(pixels).data)
    return Look(
        digest=int.from_bytes(digest.digest(), "big"),
        phash=perceptual_hash(small @ _LUMA),
        thumbnail=thumbnail,
        height=height,
        width=width,
        sharpness=_sharpness(pixels),
        contrast=float((thumbnail @ _LUMA).std()),
    )


def perceptual_hash(grey: Floats) -> int:
    """The signs, about their median, of the 64 lowest frequencies of a grey picture ``(32, 32)``.

    The constant frequency is replaced by the next one on the diagonal, so that brightness does not
    count.
    """
    frequencies = _COSINES @ grey @ _COSINES.T
    low = frequencies[:_KEPT, :_KEPT].ravel().copy()
    low[0] = frequencies[_KEPT, _KEPT]
    return int.from_bytes(np.packbits(low > np.median(low)).tobytes(), "big")


def _sharpness(pixels: Pixels) -> float:
    if min(pixels.shape[:2]) < 3:
        return 0.0
    # Integer weights (of 256) keep a large picture cheap.
    red, green, blue = (pixels[..., channel].astype(np.int32) for channel in range(3))
    grey = ((77 * red + 150 * green + 29 * blue) >> 8).astype(np.float32)
    laplacian = -4 * grey[1:-1, 1:-1]
    laplacian += grey[:-2, 1:-1]
    laplacian += grey[2:, 1:-1]
    laplacian += grey[1:-1, :-2]
    laplacian += grey[1:-1, 2:]
    return float(laplacian.var(dtype=np.float64))


def _outcome(path: str) -> Look | str:
    pixels = try_read(path)
    return pixels if isinstance(pixels, str) else look_at(pixels)


def _cosines(side: int, count: int) -> Floats:
    """The first rows of the discrete cosine transform of type II, ``(count, side)``."""
    places = np.arange(side) + 0.5
    return np.cos(np.pi / side * np.arange(count)[:, None] * places[None, :])


_COSINES = _cosines(_SIDE, _KEPT + 1)
