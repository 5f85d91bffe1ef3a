"""Identity and camera labels, whatever holds them, as int64 arrays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

__all__ = ["Labels", "as_labels", "check_cameras"]

Labels = npt.NDArray[np.int64]

_LARGEST = np.iinfo(np.int64).max


def as_labels(name: str, values: Any, *, length: int) -> Labels:
    """Integer labels as an int64 array.

    Args:
        name: the argument's name, for error messages.
        values: ``(N,)`` integers in a NumPy array, a tensor on any device, a list or a pandas
            column. They are never cast to float, so large ids keep their last digit.
        length: the ``N`` that is expected.

    Returns:
        ``(N,)`` int64.

    Raises:
        ValueError: not one-dimensional, of another length, or not integers.
    """
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu().numpy()
    array = np.asarray(values if hasattr(values, "__array__") else list(_iterable(name, values)))
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, got shape {array.shape}")
    if len(array) != length:
        raise ValueError(f"{name} must hold one label a row: expected {length}, got {len(array)}")
    if array.dtype.kind not in "iu":
        raise ValueError(
            f"{name} must hold integers, got {array.dtype}; convert them with .astype('int64') "
            "(an unknown camera is -1)"
        )
    if array.dtype.kind == "u" and array.size and int(array.max()) > _LARGEST:
        raise ValueError(f"{name} must fit int64, got {int(array.max())}")
    return array.astype(np.int64, copy=False)


def _iterable(name: str, values: Any) -> Iterable[Any]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ValueError(f"{name} must be a sequence of integers, got {type(values).__name__}")
    return values


def check_cameras(query_camids: Any, gallery_camids: Any) -> None:
    """Refuse cameras that are known on one side only; that is a forgotten argument.

    Raises:
        ValueError: says which side is missing.
    """
    if (query_camids is None) != (gallery_camids is None):
        missing = "query_camids" if query_camids is None else "gallery_camids"
        raise ValueError(
            f"{missing} is missing while the other side has cameras; pass both, "
            "or neither when no camera is known"
        )
