"""Decoding JPEGs faster than Pillow does, and leaving to Pillow whatever is unusual."""

from __future__ import annotations

import warnings
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["decode_jpeg", "jpeg_header"]

_Pixels = npt.NDArray[np.uint8]
_START, _SCAN, _FILL = 0xD8, 0xDA, 0xFF
# Frame headers are 0xC0 .. 0xCF but for Huffman tables, a reserved one and arithmetic conditioning.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_RGB = 3  # torchvision.io.ImageReadMode.RGB


def decode_jpeg(
    data: bytes, *, at_least: tuple[int, int] | None = None, simplejpeg: Any = None
) -> _Pixels | None:
    """Decode a JPEG, or return None where Pillow should have the last word.

    That is: faults, CMYK, pictures too large to be honest.

    Args:
        data: the content of the file.
        at_least: height and width wanted; see `reid_data.images.read_image`.
        simplejpeg: that module; without it torchvision decodes, at two thirds of the speed.
    """
    if simplejpeg is None:
        return _decode_with_torchvision(data, at_least)
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        if colours in ("CMYK", "YCCK") or _dishonest(height, width):
            return None
        least_height, least_width = at_least or (0, 0)
        # Strict: it refuses truncated files but also harmless stray bytes, which Pillow forgives.
        pixels: _Pixels = simplejpeg.decode_jpeg(
            data, min_height=least_height, min_width=least_width, min_factor=2
        )
    except ValueError:
        return None
    return pixels


def _decode_with_torchvision(data: bytes, at_least: tuple[int, int] | None) -> _Pixels | None:
    header = jpeg_header(data)
    decode = _torchvision_decoder()
    if decode is None or header is None or header[2] not in (1, 3) or _dishonest(*header[:2]):
        return None
    if at_least is not None and min(np.floor_divide(header[:2], at_least)) > 1:
        return None  # Pillow decodes at a fraction of the size, this does not.
    import torch

    # A copy that may be written to: torch warns of any other memory.
    content = torch.frombuffer(bytearray(data), dtype=torch.uint8)
    try:
        planes = decode(content, _RGB, False)
    except RuntimeError:
        return None
    return np.asarray(planes.permute(1, 2, 0).numpy())


@cache
def _torchvision_decoder() -> Any:
    """The operator itself, or None: its Python function warns at each call that it will go."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import torch

            import_module("torchvision.io")  # registers the operator
            return torch.ops.image.decode_jpeg.default
    except (ImportError, AttributeError, RuntimeError):
        return None


def _dishonest(height: int, width: int) -> bool:
    return height * width > (Image.MAX_IMAGE_PIXELS or np.inf)


def jpeg_header(data: bytes) -> tuple[int, int, int] | None:
    """Height, width and number of colour components, or None where no frame header is found.

    Source: ITU-T T.81, section B.2: segments of a marker and a length, the frame's among them.

    Examples:
        >>> import io
        >>> file = io.BytesIO()
        >>> Image.new("RGB", (64, 128)).save(file, "JPEG")
        >>> jpeg_header(file.getvalue())
        (128, 64, 3)
    """
    if data[:2] != bytes((_FILL, _START)):
        return None
    place = 2
    while place + 10 <= len(data) and data[place] == _FILL:
        marker = data[place + 1]
        if marker in _FRAMES:
            height = int.from_bytes(data[place + 5 : place + 7], "big")
            width = int.from_bytes(data[place + 7 : place + 9], "big")
            return height, width, data[place + 9]
        if marker == _SCAN:
            return None
        # A marker may be preceded by fill bytes.
        place += 1 if marker == _FILL else 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return None
