"""Published weights from a local file, strictly."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import timm.models
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from reid_core.keys import mismatch

__all__ = ["load_weights", "read_weights"]

_UNREADABLE = (RuntimeError, EOFError, KeyError, TypeError, pickle.UnpicklingError, SafetensorError)


def read_weights(path: Path) -> dict[str, Tensor]:
    """Tensors by name from a ``.safetensors`` file or one of ``torch.save``.

    A training checkpoint is unwrapped (the averaged weights are taken where it has both), and the
    prefixes of DistributedDataParallel and ``torch.compile`` go. Nothing is unpickled but tensors
    and plain containers.

    Raises:
        ValueError: there is no such file, it cannot be read, or it holds something else.
    """
    if not path.is_file():
        what = "a folder" if path.is_dir() else "nothing"
        raise ValueError(
            f"weights must be a .safetensors, .pth or .pt file; there is {what} at {path}"
        )
    try:
        found = timm.models.load_state_dict(str(path), weights_only=True)
    except _UNREADABLE as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        # What torch and timm then propose, reading it without this care, is not offered here.
        pickled = isinstance(error, pickle.UnpicklingError) or "weights_only" in reason[0]
        guarded = "it is damaged or holds more than tensors and plain containers"
        raise ValueError(
            f"cannot read weights from {path}: {guarded if pickled else reason[0]}"
        ) from error
    strangers = [str(name) for name, value in found.items() if not isinstance(value, Tensor)]
    if strangers or not found:
        holds = f"it holds {', '.join(strangers[:3])}" if strangers else "it is empty"
        raise ValueError(f"expected tensors by name in {path}, but {holds}")
    return found


def load_weights(
    network: nn.Module,
    path: Path,
    *,
    classifier: Collection[str] = (),
    may_lack: Collection[str] = (),
    adapt: Callable[[dict[str, Tensor], nn.Module], Mapping[str, Any]] | None = None,
) -> None:
    """Load a file into ``network``: every parameter that takes part must be in it, and no other.

    Args:
        network: changed in place.
        path: see [`read_weights`][reid_core.backbones.weights.read_weights].
        classifier: modules of the published classifier, which the file may have.
        may_lack: names that take no part, which the file need not have.
        adapt: brings old names and sizes up to date.

    Raises:
        ValueError: the file cannot be read or does not fit; names the keys.
    """
    weights: Mapping[str, Any] = read_weights(path)
    if adapt is not None:
        try:
            with torch.no_grad():
                weights = adapt(dict(weights), network)
        except (KeyError, IndexError, RuntimeError, AttributeError, AssertionError) as error:
            raise ValueError(f"{path} holds weights of something else ({error!r})") from error
    heads = tuple(f"{module}." for module in classifier)
    weights = {key: value for key, value in weights.items() if not key.startswith(heads)}
    expected = network.state_dict()
    problem = mismatch(expected, weights, may_lack=may_lack)
    if problem:
        raise ValueError(f"{path} does not fit: {problem}")
    network.load_state_dict(weights, strict=False)
