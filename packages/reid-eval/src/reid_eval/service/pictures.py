"""Small JPEGs of a gallery's rows: from the gallery itself, or from below one allowed folder."""

from __future__ import annotations

import io
import re
from collections import OrderedDict
from pathlib import Path
from threading import Lock

from PIL import Image

from reid_data.images import read_image, try_decode
from reid_eval.gallery import Gallery

__all__ = ["Pictures"]

SIZE = (256, 512)
"""(width, height) in pixels that a picture fits into."""

_MOST_BYTES = 64 << 20
# What a gallery appends where several rows may come from one path.
_DISTINCTION = re.compile(r"#(frame|box)=[^#/]*$")


class Pictures:
    """Pictures by row. No name from a request comes near the file system: only the gallery's own.

    Args:
        gallery: what records where the pictures are.
        root: folder below which recorded paths must lie, links followed; relative ones are
            relative to it. Without it only pictures inside the gallery are shown.
        most_bytes: of JPEGs kept in memory.
    """

    def __init__(
        self, gallery: Gallery, root: Path | None, *, most_bytes: int = _MOST_BYTES
    ) -> None:
        self._gallery = gallery
        self._root = None if root is None else root.resolve(strict=True)
        self._most = most_bytes
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def jpeg(self, row: int) -> bytes | None:
        """The picture of a row; None where there is none that may be shown.

        Raises:
            ValueError: the row does not exist (any more).
        """
        # Asked each time, so that a deleted row's picture is gone at once.
        path = str(self._gallery.get([row])["path"].iloc[0])
        with self._lock:
            if row in self._kept:
                self._kept.move_to_end(row)
                return self._kept[row]
        made = self._make(row, path)
        if made is not None:
            self._keep(row, made)
        return made

    def _make(self, row: int, path: str) -> bytes | None:
        width, height = SIZE
        stored = self._gallery.image(row)
        if stored is not None:
            pixels = try_decode(stored, at_least=(height, width))
            return None if isinstance(pixels, str) else _encode(Image.fromarray(pixels))
        file = self._inside(path)
        if file is None:
            return None
        try:
            return _encode(Image.fromarray(read_image(file, at_least=(height, width))))
        except ValueError:
            return None

    def _inside(self, path: str) -> Path | None:
        if self._root is None or not path:
            return None
        try:
            file = (self._root / _DISTINCTION.sub("", path)).resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            return None
        return file if file.is_relative_to(self._root) and file.is_file() else None

    def _keep(self, row: int, jpeg: bytes) -> None:
        with self._lock:
            self._bytes += len(jpeg) - len(self._kept.pop(row, b""))
            self._kept[row] = jpeg
            while self._bytes > self._most:
                self._bytes -= len(self._kept.popitem(last=False)[1])


def _encode(image: Image.Image) -> bytes:
    image.thumbnail(SIZE)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=85)
    return stream.getvalue()
