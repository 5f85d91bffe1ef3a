"""Encoded images of many files in one piece: in memory, or in one file that processes share.

A packed file saves slow disks the opening of each image. It is mapped into memory, so processes
share what the system keeps of it. Its form: a head of 64 bytes, the contents of the files one
after the other, and a Parquet table that says where each is and what its file looked like then.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import logging
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from reid_data.files import replacing
from reid_data.records import Records

__all__ = ["Cache", "PackedImages", "cached_images", "load_images", "open_packed", "pack_images"]

Cache = Literal["files", "ram", "packed"]
"""Where a loader takes encoded images from: their files, memory, or one packed file."""

_log = logging.getLogger(__name__)

_MAGIC = b"reid-data packed images 1\n"
_HEAD = struct.Struct("<32sQQI12x")  # magic, place and length of the table, its checksum
_COLUMNS = ["path", "offset", "length", "checksum", "size", "changed", "fault"]
_ABSENT = -1
# Reading waits for the disk, not for the processor.
_READERS = 16


class PackedImages:
    """The contents of image files, by their position in the records.

    Args:
        content: all of them, one after the other, uint8.
        index: ``path``, ``offset``, ``length``, ``checksum`` (CRC-32) and ``fault`` of each.
        name: what messages call it.
    """

    def __init__(self, content: npt.NDArray[np.uint8], index: pd.DataFrame, *, name: str) -> None:
        self._content = content
        self._name = name
        self._start = index["offset"].to_numpy()
        self._end = self._start + index["length"].to_numpy()
        self._checksum = index["checksum"].to_numpy()
        self._fault: list[str] = index["fault"].tolist()

    def __len__(self) -> int:
        return len(self._fault)

    @property
    def nbytes(self) -> int:
        """Bytes of all contents together."""
        return int((self._end - self._start).sum())

    def read(self, position: int) -> bytes:
        """The content of one file.

        Raises:
            OSError: the file could not be read when it was packed, or the content is damaged.
        """
        if self._fault[position]:
            raise OSError(self._fault[position])
        data = self._content[self._start[position] : self._end[position]].tobytes()
        if zlib.crc32(data) != self._checksum[position]:
            raise OSError(f"damaged in {self._name}; remove that file, it is made anew")
        return data


def cached_images(
    records: Records, cache: Cache, *, folder: Path | str | None = None
) -> PackedImages | None:
    """The images of records as a loader's option ``cache`` names them; None for ``"files"``.

    Args:
        records: whose images.
        cache: see `Cache`.
        folder: where packed files are kept; ``.reid-cache`` in the records' root if not given.

    Raises:
        ValueError: the cache is unknown, or its folder cannot be written to.
    """
    if cache not in get_args(Cache):
        raise ValueError(f"cache must be one of {', '.join(get_args(Cache))}, came {cache!r}")
    if cache == "files":
        return None
    if cache == "ram":
        return load_images(records)
    place = records.root / ".reid-cache" if folder is None else Path(folder)
    try:
        return pack_images(records, place)
    except OSError as error:
        raise ValueError(
            f"no packed images can be kept in {place} ({error.strerror or error}); "
            "name a folder that can be written to"
        ) from error


def load_images(records: Records) -> PackedImages:
    """Read all image files into memory, still encoded.

    Loader processes that are forked share the memory with the one that read it.
    """
    memory, rows = bytearray(), []
    for content, row in _read_all(records):
        memory += content
        rows.append(row)
    index = pd.DataFrame(rows, columns=_COLUMNS)
    return PackedImages(np.frombuffer(memory, dtype=np.uint8), index, name="memory")


def pack_images(
    records: Records, folder: Path | str, *, advance: Callable[[int], None] | None = None
) -> PackedImages:
    """Open the packed file of these records, after making it if there is none or a stale one.

    It is stale if a source file has another size or status time than when it was packed. While
    one process makes it, others that want the same wait. A process that is killed leaves the
    file that was there before, or none; what it had written is removed by the next.

    Args:
        records: whose images; other records, or the same in another order, get another file.
        folder: where packed files are kept.
        advance: called with the number of files just packed.

    Raises:
        OSError: the folder cannot be written to.
    """
    path = Path(folder) / f"{_name_of(records)}.pack"
    packed = open_packed(path, records)
    if packed is not None:
        return packed
    with _locked(path):
        packed = open_packed(path, records)
        if packed is None:
            for left in path.parent.glob(f".{path.name}.*.part"):
                left.unlink()
            _write(path, records, advance)
            packed = open_packed(path, records)
    if packed is None:
        raise OSError(f"{path} or its images change while they are packed")
    return packed


def open_packed(path: Path, records: Records) -> PackedImages | None:
    """Map a packed file, or return None where it is missing, damaged, or not of these images."""
    try:
        index = _read_index(path)
        if index is None or index["path"].tolist() != records.table["path"].tolist():
            return None
        with ThreadPoolExecutor(_READERS) as pool:
            now = np.array(list(pool.map(_state, records.paths)), dtype=np.int64).reshape(-1, 2)
        if not np.array_equal(now, index[["size", "changed"]].to_numpy()):
            _log.info("images have changed since %s was packed", path)
            return None
        content = np.memmap(path, dtype=np.uint8, mode="r")
    except (OSError, ValueError):
        return None
    return PackedImages(content, index, name=str(path))


def _read_index(path: Path) -> pd.DataFrame | None:
    with path.open("rb") as file:
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            return None
        magic, place, length, checksum = _HEAD.unpack(head)
        file.seek(place)
        table = file.read(length)
    if magic.rstrip(b"\0") != _MAGIC or zlib.crc32(table) != checksum:
        return None
    return pd.read_parquet(io.BytesIO(table))


def _write(path: Path, records: Records, advance: Callable[[int], None] | None) -> None:
    rows = []
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.write(bytes(_HEAD.size))
        for content, row in _read_all(records, start=_HEAD.size):
            file.write(content)
            rows.append(row)
            if advance is not None:
                advance(1)
        place = file.tell()
        table = pd.DataFrame(rows, columns=_COLUMNS).to_parquet(index=False)
        file.write(table)
        file.seek(0)
        file.write(_HEAD.pack(_MAGIC, place, len(table), zlib.crc32(table)))
        file.flush()
        # Before the renaming: after a power cut the name must not stand for an empty file.
        os.fsync(file.fileno())


def _read_all(
    records: Records, *, start: int = 0
) -> Iterator[tuple[bytes, tuple[str, int, int, int, int, int, str]]]:
    """Content and row of the index of each file, in the records' order."""
    offset = start
    with ThreadPoolExecutor(_READERS) as pool:
        for paths in _chunks(list(zip(records.table["path"], records.paths, strict=True))):
            for name, outcome in zip(
                (name for name, _ in paths),
                pool.map(_read, (path for _, path in paths)),
                strict=True,
            ):
                content, state, fault = outcome
                place = (offset, len(content), zlib.crc32(content))
                offset += len(content)
                yield content, (name, *place, *state, fault)


def _chunks(items: list[tuple[str, Path]], size: int = 1024) -> Iterator[list[tuple[str, Path]]]:
    # Piece by piece, so that reading ahead of the writing never fills the memory.
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _read(path: Path) -> tuple[bytes, tuple[int, int], str]:
    # The state first: a change while reading then makes the pack stale.
    state = _state(path)
    try:
        return path.read_bytes(), state, ""
    except OSError as error:
        return b"", state, (error.strerror or str(error)).lower()


def _state(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return _ABSENT, _ABSENT
    # Not the time of modification, which tools that copy and unpack set back.
    return found.st_size, found.st_ctime_ns


def _name_of(records: Records) -> str:
    names: Sequence[str] = records.table["path"].tolist()
    whole = "\0".join([str(records.root.absolute()), *names])
    return hashlib.blake2b(whole.encode(), digest_size=12).hexdigest()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the right to make a packed file; the system takes it back from a killed process."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
