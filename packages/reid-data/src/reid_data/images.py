"""Reading and resizing images: the one path from a file to pixels.

JPEGs are decoded by simplejpeg where it is installed (extra ``fast``) and by torchvision otherwise,
all else by Pillow. Grey, palette, CMYK and 16-bit images become RGB; transparency is dropped.
EXIF orientation is ignored, as everywhere in this field: data sets are cropped from frames.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from reid_data.jpeg import decode_jpeg
from reid_data.workers import WorkerCount, count_threads

if TYPE_CHECKING:
    from reid_data.records import Records

__all__ = [
    "Pixels",
    "Unreadable",
    "UnreadableImagesError",
    "decode_image",
    "find_unreadable",
    "flip",
    "limit_threads",
    "read_image",
    "resize",
    "try_decode",
    "try_read",
]

Pixels = npt.NDArray[np.uint8]
"""An RGB image, ``(H, W, 3)``."""

_FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "TIFF")
_JPEG_START = b"\xff\xd8\xff"
_STARTS = (_JPEG_START, b"\x89PNG\r\n\x1a\n", b"BM", b"RIFF", b"II*\0", b"MM\0*")
_NO_IMAGE = f"not an image in one of the formats {', '.join(_FORMATS)}"
# What Pillow raises for broken files, of all formats it reads here.
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)


@dataclass(frozen=True)
class Unreadable:
    """A file that is no readable image, and why."""

    path: Path
    reason: str


class UnreadableImagesError(ValueError):
    """Images that cannot be read, all of them, one a line.

    Attributes:
        unreadable: the files and their reasons.
        paths: the files.
    """

    def __init__(self, unreadable: Sequence[Unreadable]) -> None:
        self.unreadable = tuple(unreadable)
        self.paths = tuple(item.path for item in self.unreadable)
        count = len(self.paths)
        head = (
            f"{count} image{'s' * (count != 1)} cannot be read; repair or remove "
            f"{'them' if count != 1 else 'it'}, or go on without with --skip-unreadable"
        )
        super().__init__(
            "\n".join([head, *(f"{item.path}: {item.reason}" for item in self.unreadable)])
        )

    def __reduce__(self) -> tuple[type[UnreadableImagesError], tuple[tuple[Unreadable, ...]]]:
        return type(self), (self.unreadable,)


def read_image(path: Path | str, *, at_least: tuple[int, int] | None = None) -> Pixels:
    """Read an image file as RGB.

    Args:
        path: the file.
        at_least: height and width that are wanted. A JPEG at least twice as large both ways is
            decoded at a fraction of its size, still no smaller than this, which is faster and
            free of aliasing; `resize` does the rest.

    Returns:
        Pixels ``(H, W, 3)``, uint8.

    Raises:
        UnreadableImagesError: the file is missing, empty, truncated, broken or no image.
    """
    pixels = try_read(str(path), at_least=at_least)
    if isinstance(pixels, str):
        raise UnreadableImagesError([Unreadable(Path(path), pixels)])
    return pixels


def try_read(path: str, *, at_least: tuple[int, int] | None = None) -> Pixels | str:
    """Read an image, or return the reason why it cannot be read; see `read_image`.

    For the loaders and the search for broken files, which meet many and must go on.
    """
    try:
        # Without a buffer, and not through pathlib: this is a tenth of the time of a small image.
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            data = file.read()
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return try_decode(data, at_least=at_least)


def try_decode(data: bytes, *, at_least: tuple[int, int] | None = None) -> Pixels | str:
    """Decode the content of an image file, or return the reason why it cannot be decoded."""
    try:
        return decode_image(data, at_least=at_least)
    except ValueError as error:
        return str(error)


def decode_image(data: bytes, *, at_least: tuple[int, int] | None = None) -> Pixels:
    """Decode the content of an image file; see `read_image`.

    Raises:
        ValueError: the content is empty, truncated, broken or no image.
    """
    if not data:
        raise ValueError("empty file")
    if data.startswith(_JPEG_START):
        pixels = decode_jpeg(data, at_least=at_least, simplejpeg=_optional("simplejpeg"))
        if pixels is not None:
            return pixels
    return _decode_with_pillow(data, at_least)


def _decode_with_pillow(data: bytes, at_least: tuple[int, int] | None) -> Pixels:
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            if at_least is not None and min(np.floor_divide(image.size, at_least[::-1])) > 1:
                image.draft("RGB", at_least[::-1])
            if image.mode.startswith("I"):
                # Pillow would clip 16 bits to 255, and what was grey would be white.
                grey = (np.asarray(image).clip(0, 65535) >> 8).astype(np.uint8)
                return np.repeat(grey[..., None], 3, axis=2)
            return np.array(image.convert("RGB"))
    except UnidentifiedImageError as error:
        raise ValueError(_NO_IMAGE) from error
    except (*_BROKEN, Image.DecompressionBombError) as error:
        raise ValueError(str(error) or type(error).__name__) from error


def resize(image: Pixels, size: tuple[int, int], *, out: Pixels | None = None) -> Pixels:
    """Resize by bilinear interpolation with antialiasing, as Pillow and torchvision define it.

    Shrinking averages over the pixels that fall together (torch does it); enlarging interpolates
    (OpenCV does it where it is installed: several times faster and at most one grey level apart).

    Args:
        image: ``(H, W, 3)``, uint8.
        size: height and width to make.
        out: an array ``(*size, 3)`` that takes the result.

    Returns:
        Pixels ``(*size, 3)``; `out` where it was given.

    Raises:
        ValueError: the image is not ``(H, W, 3)`` of uint8.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"expected a uint8 image (H, W, 3), came {image.dtype} {image.shape}")
    height, width = size
    result = np.empty((height, width, 3), np.uint8) if out is None else out
    if image.shape == result.shape:
        result[:] = image
    elif image.shape[0] <= height and image.shape[1] <= width and (cv2 := _optional("cv2")):
        enlarged = cv2.resize(image, (width, height), dst=result, interpolation=cv2.INTER_LINEAR)
        if enlarged is not result:
            result[:] = enlarged
    else:
        result[:] = _resize_with_torch(image, size)
    return result


def _resize_with_torch(image: Pixels, size: tuple[int, int]) -> Pixels:
    import torch
    from torch.nn.functional import interpolate

    # A batch of one before its axes are turned: only then torch sees that channels come last, and
    # leaves them there, which makes this three times as fast.
    batch = torch.from_numpy(np.require(image, requirements=["C", "W"]))[None].permute(0, 3, 1, 2)
    resized = interpolate(batch, size=size, mode="bilinear", antialias=True)
    return np.asarray(resized[0].permute(1, 2, 0).numpy())


def flip(image: Pixels) -> Pixels:
    """Mirror an image ``(H, W, 3)`` left to right, into a new one."""
    # numpy copies pixels of three bytes one by one: eight times slower than torch's vector code.
    if cv2 := _optional("cv2"):
        # Memory of numpy's making: OpenCV's own costs four times the flip in page faults.
        return np.asarray(cv2.flip(image, 1, dst=np.empty_like(image, order="C")), dtype=np.uint8)
    import torch

    pixels = torch.from_numpy(np.require(image, requirements=["C", "W"]))
    return np.asarray(pixels.flip(1).numpy())


def limit_threads() -> None:
    """Make OpenCV, where it is installed, work in the calling thread only.

    For loader processes: its thread pool does not survive a fork.
    """
    if cv2 := _optional("cv2"):
        cv2.setNumThreads(0)


@cache
def _optional(name: str) -> Any:
    """A module of the extra ``fast``, or None.

    A wheel whose system libraries are missing (OpenCV's wants libGL) counts as not installed.
    """
    try:
        return import_module(name)
    except (ImportError, OSError):
        return None


def find_unreadable(
    records: Records,
    *,
    workers: WorkerCount = 0,
    decode: bool = True,
    advance: Callable[[int], None] | None = None,
) -> list[Unreadable]:
    """Look for images that are missing, empty, truncated, broken or no images.

    Args:
        records: what to look at.
        workers: threads; 0 does it in the caller's, ``"auto"`` takes one a core.
        decode: decode each file completely; otherwise only see that it is there, not empty, and
            begins like an image, which takes a small fraction of the time.
        advance: called with the number of images just looked at.

    Returns:
        The unreadable ones in the order of the records, each file once.
    """
    paths = [str(records.root / path) for path in dict.fromkeys(records.table["path"])]
    look = _fault if decode else _fault_at_a_glance
    found: list[Unreadable] = []
    threads = count_threads(workers)
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        reasons = pool.map(look, paths) if threads else map(look, paths)
        for path, reason in zip(paths, reasons, strict=True):
            if reason is not None:
                found.append(Unreadable(Path(path), reason))
            if advance is not None:
                advance(1)
    return found


def _fault(path: str) -> str | None:
    outcome = try_read(path)
    return outcome if isinstance(outcome, str) else None


def _fault_at_a_glance(path: str) -> str | None:
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - see try_read
            start = file.read(8)
    except OSError as error:
        return (error.strerror or str(error)).lower()
    if not start:
        return "empty file"
    return None if start.startswith(_STARTS) else _NO_IMAGE
