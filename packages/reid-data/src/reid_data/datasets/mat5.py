"""MATLAB files of version 5 to 7.2, parsed so that a damaged one is refused and never crashes.

SciPy reads them with compiled code that trusts what the file says about itself: a few false bytes
end the whole program. Here each length is compared with the bytes that are there.
"""

from __future__ import annotations

import math
import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["is_mat5", "loads_mat5"]

_HEADER = 128
_MATRIX, _COMPRESSED = 14, 15
# Types in which data are stored, by their number.
_STORED = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
    16: "u1",
    17: "u2",
}
# Types that arrays have, by their class.
_CLASSES = {
    6: "f8",
    7: "f4",
    8: "i1",
    9: "u1",
    10: "i2",
    11: "u2",
    12: "i4",
    13: "u4",
    14: "i8",
    15: "u8",
}
_CELL, _STRUCT, _CHAR = 1, 2, 4
_LOGICAL, _COMPLEX = 0x0200, 0x0800
_LARGEST = 1 << 31


def is_mat5(data: bytes) -> bool:
    """Whether this begins like a MATLAB file of version 5 to 7.2."""
    return len(data) >= _HEADER and data[124:128] in (b"\x00\x01IM", b"\x01\x00MI")


def loads_mat5(data: bytes) -> dict[str, Any]:
    """The variables of a MATLAB file of version 5 to 7.2.

    Sides of length one are left out. A structure is a dict (several are an array of dicts), a cell
    array is an array of objects, a row of characters is a text and a matrix of them an array of
    texts. One number is a Python number.

    Args:
        data: the content of the file.

    Raises:
        ValueError: it is another file, it is damaged, or it holds sparse matrices or objects.
    """
    if not is_mat5(data):
        raise ValueError("not a MATLAB file of version 5 to 7.2")
    reader = _Reader("<" if data[126:128] == b"IM" else ">")
    variables = {}
    try:
        rest = memoryview(data)[_HEADER:]
        while len(rest) >= 8:
            kind, content, rest = reader.element(rest)
            if kind == _COMPRESSED:
                kind, content, _ = reader.element(memoryview(_inflate(content)))
            if kind != _MATRIX:
                raise ValueError(f"expected a variable, came an element of type {kind}")
            name, value = reader.matrix(content)
            if name:  # functions are kept in a variable without one
                variables[name] = value
    except (struct.error, zlib.error, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"damaged MATLAB file ({error})") from error
    return variables


class _Reader:
    def __init__(self, order: str) -> None:
        self._order = order

    def element(self, data: memoryview) -> tuple[int, memoryview, memoryview]:
        """Type and content of the first element, and what follows it."""
        kind, size = struct.unpack_from(self._order + "II", data)
        start = 8
        if kind >> 16:  # a small one, in the place of its own length
            kind, size, start = kind & 0xFFFF, kind >> 16, 4
        end = start + size
        if end > len(data) or (start == 4 and size > 4):
            raise ValueError(f"element of {size} bytes where {len(data) - start} are left")
        padded = end if kind == _COMPRESSED else max(8, -(-end // 8) * 8)
        return kind, data[start:end], data[padded:]

    def array(self, data: memoryview) -> tuple[npt.NDArray[Any], memoryview]:
        """The numbers of the first element, and what follows it."""
        kind, content, rest = self.element(data)
        if kind not in _STORED:
            raise ValueError(f"expected numbers, came an element of type {kind}")
        dtype = np.dtype(self._order + _STORED[kind])
        if len(content) % dtype.itemsize:
            raise ValueError(f"{len(content)} bytes are no numbers of {dtype.itemsize} bytes")
        return np.frombuffer(content, dtype), rest

    def matrix(self, data: memoryview) -> tuple[str, Any]:
        """Name and value of a variable, a cell or a field."""
        if not len(data):
            return "", np.empty(0)
        flags, data = self.array(data)
        sides, data = self.array(data)
        letters, data = self.array(data)
        whole = flags.dtype.kind in "iu" and sides.dtype.kind in "iu"
        if not whole or not len(flags) or not len(sides) or (sides < 0).any():
            raise ValueError("matrix without type or shape")
        shape = tuple(int(side) for side in sides)
        return _text(letters), self._value(int(flags[0]), shape, data)

    def _value(self, flags: int, shape: tuple[int, ...], data: memoryview) -> Any:
        kind = flags & 0xFF
        if kind == _CHAR:
            return self._characters(shape, data)
        if kind == _CELL:
            cells, _ = self._matrices(math.prod(shape), data)
            return _squeezed(cells, shape)
        if kind == _STRUCT:
            return self._structs(shape, data)
        if kind not in _CLASSES:
            raise ValueError(f"holds a matrix of class {kind}; only plain ones are read")
        numbers, data = self.array(data)
        values = numbers.astype(bool if flags & _LOGICAL else _CLASSES[kind])
        if flags & _COMPLEX:
            values = values + 1j * self.array(data)[0]
        return _squeezed(values, shape)

    def _characters(self, shape: tuple[int, ...], data: memoryview) -> Any:
        kind, _, _ = self.element(data)
        codes, _ = self.array(data)
        text = _text(codes, utf8=kind == 16)
        if math.prod(shape) != len(text):
            raise ValueError(f"{len(text)} characters for the shape {shape}")
        if math.prod(shape[:-1]) == 1:
            return text
        rows = np.array(list(text), dtype="U1").reshape(shape, order="F")
        lines = ["".join(row) for row in rows.reshape(-1, shape[-1])] if text else []
        return np.array(lines)

    def _matrices(self, count: int, data: memoryview) -> tuple[npt.NDArray[Any], memoryview]:
        if count * 8 > len(data):
            raise ValueError(f"{count} cells in {len(data)} bytes")
        cells = np.empty(count, dtype=object)
        for at in range(count):
            kind, content, data = self.element(data)
            if kind != _MATRIX:
                raise ValueError(f"expected a matrix in a cell, came an element of type {kind}")
            cells[at] = self.matrix(content)[1]
        return cells, data

    def _structs(self, shape: tuple[int, ...], data: memoryview) -> Any:
        lengths, data = self.array(data)
        letters, data = self.array(data)
        width = int(lengths[0]) if len(lengths) and lengths.dtype.kind in "iu" else 0
        if width < 1 or len(letters) % width:
            raise ValueError("structure with broken field names")
        rows = letters.reshape(-1, width)
        names = [_text(row).partition("\0")[0] for row in rows]
        count = math.prod(shape)
        # A structure without fields takes no bytes, so that a few could claim any number of it.
        if count * max(len(names), 1) * 8 > max(len(data), 8):
            raise ValueError(f"{count} structures in {len(data)} bytes")
        structs = np.empty(count, dtype=object)
        for at in range(count):
            values, data = self._matrices(len(names), data)
            structs[at] = dict(zip(names, values, strict=True))
        return _squeezed(structs, shape)


def _squeezed(values: npt.NDArray[Any], shape: tuple[int, ...]) -> Any:
    if math.prod(shape) != values.size:
        raise ValueError(f"{values.size} values for the shape {shape}")
    if not values.size:
        return np.empty(0, dtype=values.dtype)
    if values.size == 1:
        return values.item()
    return values.reshape([side for side in shape if side != 1], order="F")


def _text(codes: npt.NDArray[Any], *, utf8: bool = False) -> str:
    if utf8 or codes.dtype.itemsize == 1:
        return codes.tobytes().decode("utf-8" if utf8 else "latin1")
    return codes.astype("<u2").tobytes().decode("utf-16-le")


def _inflate(content: memoryview) -> bytes:
    stream = zlib.decompressobj()
    data = stream.decompress(content, _LARGEST)
    if not stream.eof:
        raise ValueError("compressed variable is cut off or too large")
    return data
