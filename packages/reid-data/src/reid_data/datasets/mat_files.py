"""MATLAB files: the arrays in them, or one clear reason why not."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reid_data.datasets.mat5 import is_mat5, loads_mat5

__all__ = ["mat_fields", "mat_texts", "read_mat", "read_mat_integers"]


def read_mat(path: Path) -> dict[str, Any]:
    """The variables of a MATLAB file up to version 7.2; see `reid_data.datasets.mat5` for types.

    Raises:
        ValueError: it is missing, broken, or of version 7.3 (which is HDF5).
    """
    if not path.is_file():
        raise ValueError(f"expected a MATLAB file at {path}; there is none")
    try:
        content = _loads(path.read_bytes())
    except NotImplementedError as error:
        raise ValueError(f"{path} is of MATLAB's version 7.3; save it anew with -v7") from error
    # Broken content fails wherever the parser happens to be.
    except Exception as error:
        raise ValueError(f"{path} is not a readable MATLAB file ({error!r})") from error
    return {name: value for name, value in content.items() if not name.startswith("__")}


def _loads(data: bytes) -> dict[str, Any]:
    from scipy.io import loadmat
    from scipy.io.matlab import matfile_version

    if is_mat5(data):
        return loads_mat5(data)
    major = matfile_version(BytesIO(data))[0]
    if major == 2:
        raise NotImplementedError
    if major != 0:
        raise ValueError("its header is damaged")
    # Version 4 holds plain matrices only, and SciPy's reader of it is not compiled.
    content: dict[str, Any] = loadmat(BytesIO(data), squeeze_me=True)
    return content


def read_mat_integers(path: Path, name: str, *, dimensions: int) -> npt.NDArray[np.int64]:
    """One array of whole numbers of a MATLAB file; the only variable will do under any name.

    Args:
        path: the file.
        name: the variable.
        dimensions: how many it must have; 1 flattens a row or a column.

    Raises:
        ValueError: see `read_mat`; or the variable is missing or not such an array.
    """
    content = read_mat(path)
    value = content.get(name)
    if value is None and len(content) == 1:
        (value,) = content.values()
    if value is None:
        raise ValueError(f"expected a variable {name} in {path}; found: {', '.join(content)}")
    array = np.asarray(value)
    if array.ndim == dimensions - 1:  # a single row or number, squeezed away
        array = array[None]
    whole = array.dtype.kind in "iuf" and array.ndim == dimensions
    if (
        not whole
        or not array.size
        or not np.isfinite(array).all()
        or (array != np.rint(array)).any()
    ):
        raise ValueError(
            f"expected {name} in {path} to hold whole numbers in {dimensions} dimensions; came "
            f"{array.dtype} {array.shape}"
        )
    return array.astype(np.int64)


def mat_texts(value: Any) -> list[str]:
    """A cell array or a character matrix as texts, without the blanks that pad them.

    Raises:
        ValueError: there is something else than text in it.
    """
    cells: Sequence[Any] = np.atleast_1d(np.asarray(value, dtype=object)).ravel().tolist()
    texts: list[str] = []
    for cell in cells:
        inner = np.asarray(cell).ravel()
        text = inner[0] if len(inner) == 1 else cell
        if not isinstance(text, str):
            raise ValueError(f"expected text in a MATLAB cell, came {cell!r:.60}")
        texts.append(text.strip())
    return texts


def mat_fields(value: Any) -> dict[str, Any]:
    """The fields of a MATLAB structure by name, in their order.

    Raises:
        ValueError: it is no structure.
    """
    if not isinstance(value, dict):
        raise ValueError(f"expected a MATLAB structure, came {type(value).__name__}")
    return value
