"""Weights out of anyone's checkpoint, without running what is in it."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

__all__ = ["read_published"]

_WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "network")
# What numpy itself names when it pickles a number.
_SCALAR = np.float64(0).__reduce__()[0]
_UNREADABLE = (RuntimeError, EOFError, KeyError, TypeError, pickle.UnpicklingError, OSError)


# Containers and numbers only; settings that Lightning and yacs put beside the weights are read as
# plain mappings. What a name stands for is ours, never what the file's author meant.
_STAND_INS: list[Any] = [
    *(
        (OrderedDict, name)
        for name in (
            "yacs.config.CfgNode",
            "fastreid.config.config.CfgNode",
            "fvcore.common.config.CfgNode",
            "pytorch_lightning.utilities.parsing.AttributeDict",
            "lightning_fabric.utilities.data.AttributeDict",
            "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint",
        )
    ),
    (_SCALAR, "numpy.core.multiarray.scalar"),
    (_SCALAR, "numpy._core.multiarray.scalar"),
    np.dtype,
    *(type(np.dtype(name)) for name in ("float32", "float64", "int64", "int32")),
]


def read_published(path: Path) -> dict[str, Tensor]:
    """Tensors by name of a ``.safetensors`` file or of one of ``torch.save``.

    Training checkpoints are unwrapped and the ``module.`` of DataParallel goes. Of a pickle only
    tensors, plain containers and numbers are made; settings of Lightning and yacs are skipped.

    Raises:
        ValueError: there is no such file, it holds something else or more than that.
    """
    if not path.is_file():
        what = "a folder" if path.is_dir() else "nothing"
        raise ValueError(
            f"expected a file of weights (.pth, .safetensors); there is {what} at {path}"
        )
    found = _loaded(path)
    for _ in range(2):
        inner = next((found[k] for k in _WRAPPERS if isinstance(found.get(k), Mapping)), None)
        found = found if inner is None else inner
    tensors = {str(k).removeprefix("module."): v for k, v in found.items() if isinstance(v, Tensor)}
    if not tensors:
        holds = ", ".join(map(str, list(found)[:5])) or "nothing"
        raise ValueError(f"expected tensors by name in {path}, but it holds {holds}")
    return tensors


def _loaded(path: Path) -> Mapping[str, Any]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        with torch.serialization.safe_globals(_STAND_INS):
            found = torch.load(path, map_location="cpu", weights_only=True)
    except (*_UNREADABLE, SafetensorError) as error:
        unsafe = isinstance(error, pickle.UnpicklingError)
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        said = "it is damaged or holds more than tensors, plain containers and numbers"
        raise ValueError(
            f"cannot read weights from {path}: {said if unsafe else reason}"
        ) from error
    if not isinstance(found, Mapping):
        raise ValueError(
            f"expected weights by name in {path}, but it holds a {type(found).__name__}"
        )
    return found
