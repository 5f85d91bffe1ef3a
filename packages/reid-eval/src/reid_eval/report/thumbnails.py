"""Small JPEGs inside the page, so that the report is one file."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image

from reid_data.images import UnreadableImagesError, read_image

__all__ = ["thumbnail"]

SIZE = (96, 192)
"""(width, height) in pixels that a thumbnail fits into."""


def thumbnail(path: Path, *, size: tuple[int, int] = SIZE) -> str | None:
    """A ``data:`` address of the image, made small; None where it cannot be read.

    Args:
        path: of the image.
        size: (width, height) in pixels that it shall fit into.
    """
    width, height = size
    try:
        image = Image.fromarray(read_image(path, at_least=(height, width)))
    except UnreadableImagesError:
        return None
    image.thumbnail(size)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=78, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
