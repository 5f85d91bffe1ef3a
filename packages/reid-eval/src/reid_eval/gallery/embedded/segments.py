"""Files of feature rows that only grow, with a second copy of the newest one.

A file holds rows and nothing else, so that it can be mapped as a matrix. How many of its bytes
count, and their checksums, is for the catalogue to say: what lies beyond was never acknowledged.
The newest file is kept twice until the next one has begun, so that damage to its end, where a
dying machine leaves it, costs nothing.
"""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid_data.files import replacing

__all__ = ["Piece", "Segment", "checksum", "sync_folder"]

_COPY = ".copy"


@dataclass(frozen=True)
class Piece:
    """Rows of one segment that were added together: ``rows`` from ``start`` on."""

    start: int
    rows: int
    checksum: int


@dataclass(frozen=True)
class Segment:
    """One file of features.

    Attributes:
        file: where it is.
        dimension: D.
        dtype: of a number.
        pieces: what counts of it, in order, without gaps.
    """

    file: Path
    dimension: int
    dtype: np.dtype[Any]
    pieces: tuple[Piece, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows count."""
        return self.pieces[-1].start + self.pieces[-1].rows if self.pieces else 0

    @property
    def row_bytes(self) -> int:
        """The size of one row."""
        return self.dimension * self.dtype.itemsize

    @property
    def size(self) -> int:
        """How many bytes count."""
        return self.rows * self.row_bytes

    @property
    def copy(self) -> Path:
        """The second copy, where there is one."""
        return self.file.with_name(self.file.name + _COPY)

    def append(self, features: NDArray[Any], *, twice: bool) -> Piece:
        """Write rows after those that count and wait until the disk has them.

        Args:
            features: (N, D) of this segment's type.
            twice: also to the second copy.

        Raises:
            OSError: the disk is full or fails; the rows do not count.
        """
        data = np.ascontiguousarray(features).reshape(-1).view(np.uint8).data
        for file in (self.file, self.copy)[: 2 if twice else 1]:
            is_new = not file.exists()
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                _write_all(handle, data, self.size)
                os.fdatasync(handle)
            finally:
                os.close(handle)
            if is_new:
                sync_folder(file.parent)
        return Piece(self.rows, len(features), checksum(data))

    def matrix(self, *, from_copy: bool = False) -> NDArray[Any]:
        """The rows (N, D) that count, left on disk.

        Raises:
            OSError: there is no such file.
            ValueError: it is too short.
        """
        file = self.copy if from_copy else self.file
        if file.stat().st_size < self.size:
            raise ValueError(f"{file} is too short: it should hold {self.rows} rows")
        shape = (self.rows, self.dimension)
        # A copy-on-write map is writable, in memory only, which is what torch asks for.
        return np.memmap(file, self.dtype, "c", shape=shape)

    def faults(self, *, from_copy: bool = False, since: int = 0) -> list[Piece]:
        """The pieces, from the row ``since`` on, whose bytes are not those that were written."""
        file = self.copy if from_copy else self.file
        wanted = [piece for piece in self.pieces if piece.start >= since]
        if not wanted:
            return []
        try:
            handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return wanted
        try:
            return [piece for piece in wanted if not self._is_whole(handle, piece)]
        finally:
            os.close(handle)

    def repair(self) -> list[Piece]:
        """Make both copies whole and cut off what does not count.

        Returns:
            The pieces that are damaged in both copies, and lost.
        """
        faults = {False: self.faults(), True: self.faults(from_copy=True)}
        both = [piece for piece in faults[False] if piece in faults[True]]
        if both:
            return both
        for from_copy, file in ((False, self.file), (True, self.copy)):
            if faults[from_copy] or not file.exists():
                self._rebuild(file, faults)
            elif file.stat().st_size > self.size:
                self._cut(file)
        return []

    def cut(self) -> None:
        """Cut off, of both copies, what does not count."""
        for file in (self.file, self.copy):
            if file.exists():
                self._cut(file)

    def _cut(self, file: Path) -> None:
        if not self.rows:
            file.unlink()
            return
        handle = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.ftruncate(handle, self.size)
            os.fsync(handle)
        finally:
            os.close(handle)

    def _rebuild(self, file: Path, faults: dict[bool, list[Piece]]) -> None:
        with replacing(file) as temporary, temporary.open("wb") as stream:
            for piece in self.pieces:
                source = self.copy if piece in faults[False] else self.file
                with source.open("rb") as origin:
                    origin.seek(piece.start * self.row_bytes)
                    stream.write(origin.read(piece.rows * self.row_bytes))
            stream.flush()
            os.fsync(stream.fileno())
        sync_folder(file.parent)

    def _is_whole(self, handle: int, piece: Piece) -> bool:
        place, left, found = piece.start * self.row_bytes, piece.rows * self.row_bytes, 0
        while left:
            data = os.pread(handle, min(left, 1 << 22), place)
            if not data:
                return False
            found = zlib.crc32(data, found)
            place, left = place + len(data), left - len(data)
        return found == piece.checksum


def checksum(data: bytes | memoryview) -> int:
    """The CRC-32 of some bytes."""
    return zlib.crc32(data)


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names in a folder."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_all(handle: int, data: memoryview, place: int) -> None:
    while data:
        written = os.pwrite(handle, data, place)
        data, place = data[written:], place + written
