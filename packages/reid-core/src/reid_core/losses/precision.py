"""Losses compute in float32 whatever the network computed in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import torch
from torch import Tensor

__all__ = ["at_least_float32", "in_full_precision"]

Parameters = ParamSpec("Parameters")


def at_least_float32(values: Tensor) -> Tensor:
    """``values`` as float32 if they are shorter floats, untouched otherwise."""
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values


def in_full_precision(function: Callable[Parameters, Tensor]) -> Callable[Parameters, Tensor]:
    """Decorator: shorter floats among the positional tensors become float32, autocast is off.

    Widening the inputs alone is not enough: within an autocast region a matrix product rounds
    them again, and a distance between two close features is the first thing to drown.
    """

    @wraps(function)
    def widened(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Tensor:
        tensors = [at_least_float32(a) if isinstance(a, Tensor) else a for a in args]
        device = next((a.device.type for a in args if isinstance(a, Tensor)), "cpu")
        with torch.autocast(device, enabled=False):
            return function(*tensors, **kwargs)  # type: ignore[arg-type]

    return widened
