"""Reading other people's pickles without running their code.

A pickle is a program. This reader lets it build plain containers, numbers, texts and numpy arrays
of plain numbers, and refuses everything else by name. NumPy's own dtype and array are never handed
to the program, because a forged dtype state can make NumPy take text for object pointers: stand-ins
collect what the pickle says, and the arrays are made here afterwards.
"""

from __future__ import annotations

import io
import math
import pickle
import struct
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

__all__ = ["UnsafePickleError", "load_pickle", "loads_pickle"]

# Kinds of numpy dtypes that hold no references: bool, integers, floats, complex, bytes, text.
_PLAIN_KINDS = "biufcSU"


class UnsafePickleError(ValueError):
    """A pickle asks for something that is neither a plain container nor an array, or is broken."""


def load_pickle(path: Path | str) -> Any:
    """Read a pickle file that holds plain containers and arrays; see `loads_pickle`.

    Raises:
        UnsafePickleError: it is broken or asks for anything else; the message names the file.
        OSError: the file cannot be read.
    """
    try:
        return loads_pickle(Path(path).read_bytes())
    except UnsafePickleError as error:
        raise UnsafePickleError(f"{path}: {error}") from error


def loads_pickle(data: bytes) -> Any:
    """Read a pickle of plain containers and arrays, of any protocol and from Python 2 or 3.

    Allowed are None, bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset,
    ``OrderedDict``, ``easydict.EasyDict`` (returned as dict), numpy scalars, and arrays of numbers,
    bytes, texts and (where each element is itself allowed) objects.

    Args:
        data: the content of a pickle file.

    Returns:
        What was pickled; dicts, lists and arrays are ordinary, writable ones.

    Raises:
        UnsafePickleError: the pickle is broken or asks for anything else.

    Examples:
        >>> loads_pickle(pickle.dumps({"boxes": np.arange(3), "names": ["a", "b"]}))
        {'boxes': array([0, 1, 2]), 'names': ['a', 'b']}
    """
    try:
        built = _AllowList(io.BytesIO(data), encoding="latin1").load()
        return _Finish().value(built)
    except UnsafePickleError:
        raise
    except RecursionError as error:
        raise UnsafePickleError("pickle is nested too deeply to be data") from error
    # A damaged or forged program can fail in any way that its opcodes can.
    except Exception as error:
        raise UnsafePickleError(f"not a readable pickle ({error!r}); write it anew") from error


class _Dtype:
    """Collects what a pickle says about a numpy dtype; `resolve` makes it, if it is a plain one."""

    def __init__(self, code: str, *_: object) -> None:
        self._code = code
        self._order: Literal["<", ">"] | None = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        # (version, byte order, subarray, names, fields, ...): compound dtypes are not plain.
        if any(part is not None for part in state[2:5]):
            raise UnsafePickleError("pickle holds a structured array; only plain ones are read")
        self._order = state[1] if state[1] in ("<", ">") else None

    def resolve(self) -> np.dtype[Any]:
        dtype = np.dtype(str(self._code))
        if dtype.kind not in _PLAIN_KINDS + "O" or dtype.names is not None:
            raise UnsafePickleError(f"pickle holds an array of {dtype}; only plain ones are read")
        return dtype.newbyteorder(self._order) if self._order else dtype


class _Array:
    """Collects the state of a numpy array, which `_Finish` turns into one."""

    def __init__(self, *_: object) -> None:
        self._state: tuple[Any, ...] | None = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._state = state

    def build(self, finish: _Finish) -> Any:
        if self._state is None:
            raise UnsafePickleError("pickle holds an array without content")
        _, shape, dtype, fortran, content = self._state
        resolved, sides, order = dtype.resolve(), _shape(shape), _order(fortran)
        if resolved.kind != "O":
            return _from_bytes(content, resolved, sides, order)
        if not isinstance(content, list) or len(content) != math.prod(sides):
            raise UnsafePickleError("pickle holds an array of objects of the wrong length")
        flat = np.empty(len(content), dtype=object)
        # One by one: numpy would unfold elements that are lists.
        for position, element in enumerate(content):
            flat[position] = finish.value(element)
        return flat.reshape(sides, order=order)


class _Function:
    """A stand-in that is called, and whose attributes a pickle cannot set."""

    def __setstate__(self, state: Any) -> None:
        raise UnsafePickleError("pickle tampers with the reader")


class _Frombuffer(_Function):
    """Stands in for the function that rebuilds contiguous arrays of protocol 5."""

    def __new__(cls, content: Any, dtype: _Dtype, shape: Any, order: str) -> Any:
        return _from_bytes(content, dtype.resolve(), _shape(shape), _order(order == "F"))


class _Scalar(_Function):
    """Stands in for the function that rebuilds a numpy scalar."""

    def __new__(cls, dtype: _Dtype, content: Any = b"") -> Any:
        return _from_bytes(content, dtype.resolve(), (1,), "C")[0]


class _Encode(_Function):
    """Stands in for ``_codecs.encode``, by which old protocols write bytes."""

    def __new__(cls, text: str, codec: str = "") -> Any:
        if codec not in ("latin1", "latin-1"):
            raise UnsafePickleError(f"pickle asks for the codec {codec}; only latin1 is allowed")
        return text.encode("latin1")


class _Bytes(_Function):
    """Stands in for ``bytes``, which old protocols call for empty ones only."""

    def __new__(cls) -> Any:
        return b""


class _EasyDict(dict[Any, Any]):
    """Stands in for ``easydict.EasyDict``, whose attributes repeat its items."""

    def __setstate__(self, state: Any) -> None:
        """Forget the attributes."""


_BUILTINS = ("builtins", "__builtin__")
_NUMPY_CORES = ("numpy.core.multiarray", "numpy._core.multiarray")
_ALLOWED: dict[tuple[str, str], Any] = {
    **{(home, "set"): set for home in _BUILTINS},
    **{(home, "frozenset"): frozenset for home in _BUILTINS},
    **{(home, "complex"): complex for home in _BUILTINS},
    **{(home, "bytes"): _Bytes for home in _BUILTINS},
    ("collections", "OrderedDict"): OrderedDict,
    ("easydict", "EasyDict"): _EasyDict,
    ("_codecs", "encode"): _Encode,
    ("numpy", "dtype"): _Dtype,
    ("numpy", "ndarray"): _Array,
    **{(core, "_reconstruct"): _Array for core in _NUMPY_CORES},
    **{(core, "scalar"): _Scalar for core in _NUMPY_CORES},
    ("numpy.core.numeric", "_frombuffer"): _Frombuffer,
    ("numpy._core.numeric", "_frombuffer"): _Frombuffer,
}


# The reader written in Python: the one in C lets a damaged file of a few bytes claim all memory,
# because it keeps numbered objects in an array as long as the largest number.
class _AllowList(pickle._Unpickler):
    # Set while loading; the reader written in Python has no types.
    read: Any
    append: Any
    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)

    def load_bytearray8(self) -> None:
        """Read before making the array, so that a false length finds its file too short."""
        (length,) = struct.unpack("<Q", self.read(8))
        self.append(bytearray(self.read(length)))

    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray8

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise UnsafePickleError(
                f"pickle asks for {module}.{name}; only plain containers and numpy arrays are "
                "read, so write such data as JSON, CSV or npz"
            ) from None


class _Finish:
    """Walks what was built and puts arrays in the place of their stand-ins."""

    def __init__(self) -> None:
        # The original is kept beside its id, which would be given anew if it were freed.
        self._done: dict[int, tuple[Any, Any]] = {}
        self._open: set[int] = set()

    def value(self, value: Any) -> Any:
        if isinstance(value, type) or callable(value):
            raise UnsafePickleError("pickle holds a function; only plain data is read")
        if not isinstance(value, (list, tuple, dict, set, frozenset, _Array, _Dtype)):
            return value
        key = id(value)
        if key in self._done:
            return self._done[key][1]
        if key in self._open:
            raise UnsafePickleError("pickle holds something that contains itself")
        self._open.add(key)
        finished = self._finish(value)
        self._open.discard(key)
        self._done[key] = (value, finished)
        return finished

    def _finish(self, value: Any) -> Any:
        if isinstance(value, _Array):
            return value.build(self)
        if isinstance(value, _Dtype):
            return value.resolve()
        if isinstance(value, dict):
            pairs = [(self.value(name), self.value(item)) for name, item in value.items()]
            return OrderedDict(pairs) if isinstance(value, OrderedDict) else dict(pairs)
        items: Iterable[Any] = (self.value(item) for item in value)
        if isinstance(value, list):
            value[:] = items
            return value
        return type(value)(items)


def _shape(shape: Any) -> tuple[int, ...]:
    sides = (shape,) if isinstance(shape, int) else shape
    if not isinstance(sides, tuple) or any(type(side) is not int or side < 0 for side in sides):
        raise UnsafePickleError(f"pickle holds an array of shape {shape!r}")
    return sides


def _order(fortran: object) -> Literal["C", "F"]:
    return "F" if fortran else "C"


def _from_bytes(
    content: Any, dtype: np.dtype[Any], shape: tuple[int, ...], order: Literal["C", "F"]
) -> Any:
    if dtype.kind == "O":
        raise UnsafePickleError("pickle holds objects disguised as bytes")
    if not isinstance(content, (bytes, bytearray, str)):
        raise UnsafePickleError(f"pickle holds a {type(content).__name__} for an array's bytes")
    raw = content.encode("latin1") if isinstance(content, str) else content
    # An item of no bytes would let a few of them claim any length.
    if len(raw) != math.prod(shape) * max(dtype.itemsize, 1):
        raise UnsafePickleError(
            f"pickle holds {len(raw)} bytes for an array {shape} of {dtype}; it is damaged"
        )
    if not raw:
        return np.empty(shape, dtype)
    # A copy, because memory of a bytes object is read-only; in the byte order of this machine.
    return np.frombuffer(raw, dtype).reshape(shape, order=order).astype(dtype.newbyteorder("="))
