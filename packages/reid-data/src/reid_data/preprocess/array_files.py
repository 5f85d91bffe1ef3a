"""Reading ``.npy`` and ``.npz`` files that others wrote: plain arrays, or one clear error."""

from __future__ import annotations

import zlib
from pathlib import Path
from tokenize import TokenError
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

__all__ = ["read_npy", "read_npz"]

# A damaged header fails in whatever way Python's parser, zip or zlib does.
_BROKEN = (
    OSError,
    EOFError,
    SyntaxError,
    TokenError,
    ValueError,
    TypeError,
    KeyError,
    OverflowError,
    RecursionError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
    BadZipFile,
    zlib.error,
)


def read_npy(path: Path | str) -> npt.NDArray[Any]:
    """Open an ``.npy`` file as a read-only memory map; pickled arrays are refused.

    A map never takes memory for more than the file holds, whatever its header claims.

    Raises:
        ValueError: the file is missing or no plain array; the message says why, without the path.
    """
    try:
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except _BROKEN as error:
        raise ValueError(_reason(error)) from error


def read_npz(path: Path | str) -> dict[str, npt.NDArray[Any]]:
    """Read all arrays of an ``.npz`` file; pickled ones are refused.

    Raises:
        ValueError: the file is missing or no archive of plain arrays; the message says why, without
            the path.
    """
    try:
        # Opened here, because NumPy leaves a file open that turns out to be no archive.
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (*_BROKEN, AttributeError) as error:
        raise ValueError(_reason(error)) from error


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
