"""From the body of a request to pixels, without a file and without trust."""

from __future__ import annotations

import asyncio
import io
import struct
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from reid_data.console import one_line
from reid_data.images import Pixels
from reid_eval.service.limits import Limits
from reid_eval.service.refusals import RefusedError

__all__ = ["FORMATS", "Box", "Uploads", "decode_upload"]

Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels."""

FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)
_NO_IMAGE = f"expected an image ({', '.join(FORMATS)}) as the body of the request"
_SMALLEST = 4


class Uploads:
    """The bodies of requests, which together take no more than a given room.

    Args:
        limits: of the service.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._held = 0

    @asynccontextmanager
    async def read(
        self, headers: Mapping[str, str], chunks: AsyncIterator[bytes]
    ) -> AsyncIterator[bytes]:
        """Yield the body of a request, as far as it is not too large and does not take too long.

        Raises:
            RefusedError: 413, 408, 503 where others take all the room, or 400 for an empty one.
        """
        promised = headers.get("content-length", "")
        if promised.isdecimal() and int(promised) > self._limits.upload_bytes:
            raise _too_large(self._limits)
        body = bytearray()
        try:
            try:
                async with asyncio.timeout(self._limits.upload_seconds):
                    async for chunk in chunks:
                        self._held += len(chunk)
                        body += chunk
                        self._check(body)
            except TimeoutError:
                seconds = self._limits.upload_seconds
                raise RefusedError(408, "too_slow", f"the upload took over {seconds:g} s") from None
            if not body:
                raise RefusedError(400, "no_image", f"{_NO_IMAGE}; it is empty")
            yield bytes(body)
        finally:
            self._held -= len(body)

    def _check(self, body: bytearray) -> None:
        if len(body) > self._limits.upload_bytes:
            raise _too_large(self._limits)
        if self._held > self._limits.upload_memory:
            raise RefusedError(
                503, "busy", "too many uploads at one time; try again", {"Retry-After": "1"}
            )


def decode_upload(data: bytes, box: Box | None, limits: Limits) -> Pixels:
    """Decode an image, upright as its EXIF says and as browsers show it, and cut a box out.

    The size that its header promises is looked at before anything is decoded.

    Returns:
        uint8 (H, W, 3).

    Raises:
        RefusedError: 400 for what is no image or is broken, 413 for too many pixels, 422 for a
            box that shows nothing of it.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _check_size(image.size, limits)
            ImageOps.exif_transpose(image, in_place=True)
            window = _window(box, image.size)
            return _rgb(image if window is None else image.crop(window))
    except UnidentifiedImageError as error:
        raise RefusedError(400, "no_image", _NO_IMAGE) from error
    except (*_BROKEN, Image.DecompressionBombError) as error:
        said = f"the image cannot be decoded: {one_line(error)}"
        raise RefusedError(400, "broken_image", said) from error


def _rgb(image: Image.Image) -> Pixels:
    if image.mode.startswith("I"):
        # Pillow would clip 16 bits to 255, and what was grey would be white.
        grey = (np.asarray(image).clip(0, 65535) >> 8).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    return np.array(image.convert("RGB"))


def _check_size(size: tuple[int, int], limits: Limits) -> None:
    width, height = size
    if width * height > limits.pixels:
        raise RefusedError(
            413,
            "too_many_pixels",
            f"the image has {width} x {height} pixels; at most {limits.pixels:,} are taken",
        )
    if min(size) < _SMALLEST:
        raise RefusedError(
            400, "too_small", f"the image has {width} x {height} pixels; that shows no person"
        )


def _window(box: Box | None, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    if box is None:
        return None
    width, height = size
    left, right = (round(min(max(edge, 0), width)) for edge in (box[0], box[2]))
    top, bottom = (round(min(max(edge, 0), height)) for edge in (box[1], box[3]))
    if right - left < _SMALLEST or bottom - top < _SMALLEST:
        raise RefusedError(
            422,
            "empty_box",
            f"the box {[round(edge, 1) for edge in box]} shows nothing of an image of {width} x "
            f"{height} pixels; expected left,top,right,bottom",
        )
    return left, top, right, bottom


def _too_large(limits: Limits) -> RefusedError:
    return RefusedError(
        413, "too_large", f"the image is larger than {limits.upload_bytes:,} bytes; send a smaller"
    )
