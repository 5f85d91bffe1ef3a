"""Models on disk: a folder with ``model.safetensors``, ``model.json`` and maybe heads.

``model.json`` says how to build the network again and what its weights expect of an image, so a
checkpoint needs no configuration beside it. Every file appears whole or not at all, and
``model.json`` last: a new folder without it is a checkpoint that was never finished.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from reid_core._files import whole_file
from reid_core.keys import mismatch
from reid_core.models.card import CARD, card_of_model, write_card
from reid_core.models.checkpoint_info import FORMAT, VERSION, CheckpointInfo, read_checkpoint
from reid_core.models.factory import create_model
from reid_core.models.reid_model import ReidModel
from reid_data.hub import local_folder

__all__ = ["fingerprint", "load_heads", "load_model", "save_model"]

_MODEL, _HEADS, _INFO = "model.safetensors", "heads.safetensors", "model.json"


def save_model(
    model: ReidModel,
    folder: str | PathLike[str],
    *,
    weights: Mapping[str, Tensor] | None = None,
    heads: Mapping[str, Tensor] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write a checkpoint folder, over an older one if there is one, and a card about it.

    The card, ``README.md``, says what ``metadata`` knows of data, licence and figures; one that
    somebody wrote by hand is left alone.

    Args:
        model: any model of `create_model`.
        folder: is made where it does not exist; other files in it are left alone.
        weights: its state, put together where it is spread over processes; none: as the model has
            it.
        heads: what only training needs, such as classifiers; beside the model, apart from it.
        metadata: about the training, for those who read it later: recipe, number of identities,
            metrics. Anything that JSON knows; arrays of one number and paths are turned into it.

    Raises:
        ValueError: the metadata cannot be written; nothing has been then.
    """
    folder = Path(folder)
    info = {
        "format": FORMAT,
        "version": VERSION,
        "architecture": model.architecture,
        "preprocessing": asdict(model.preprocessing),
        "embedding_size": model.embedding_size,
        "metadata": dict(metadata or {}),
        "versions": _versions(),
    }
    try:
        text = json.dumps(info, indent=2, default=_plain)
    except (TypeError, ValueError) as error:
        raise ValueError(f"a model's metadata must be what JSON can hold: {error}") from error
    if heads is None:
        (folder / _HEADS).unlink(missing_ok=True)
    else:
        _write_tensors(folder / _HEADS, heads)
    _write_tensors(folder / _MODEL, model.state_dict() if weights is None else weights)
    with whole_file(folder / _INFO) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
    write_card(card_of_model(json.loads(text), title=folder.resolve().name), folder / CARD)


def load_model(folder: str | PathLike[str], *, device: str | torch.device = "cpu") -> ReidModel:
    """Read a model back, bit by bit what was saved.

    The state of torch's random number generator is left as it is.

    Args:
        folder: a checkpoint folder, or ``hf://owner/name``, which is fetched first.
        device: where the model shall be.

    Returns:
        The model, in evaluation mode, on ``device``.

    Raises:
        ValueError: the folder is no checkpoint, a newer version wrote it, or its weights do not
            fit the architecture that it names; says which file or which keys.
    """
    folder = local_folder(folder)
    info = read_checkpoint(folder)
    weights = _read_tensors(folder / _MODEL)
    model = _build(info, folder)
    problem = mismatch(model.state_dict(), weights)
    if problem:
        raise ValueError(f"{folder / _MODEL} does not fit {_INFO}: {problem}{_drift(info)}")
    model.load_state_dict(weights)
    model.preprocessing = info.preprocessing
    return model.eval().to(device)


def load_heads(folder: str | PathLike[str]) -> dict[str, Tensor]:
    """Read what was saved as ``heads``, by name, on the CPU.

    Raises:
        ValueError: the folder is no checkpoint or was saved without heads.
    """
    folder = local_folder(folder)
    read_checkpoint(folder)
    if not (folder / _HEADS).is_file():
        raise ValueError(f"{folder} holds a model without heads: there is no {_HEADS}")
    return _read_tensors(folder / _HEADS)


def fingerprint(model: ReidModel) -> str:
    """Digest (SHA-256, hexadecimal) of architecture, preprocessing and weights.

    Equal for models that give equal embeddings by construction; neither file dates nor metadata
    nor the device take part.
    """
    facts = {"architecture": model.architecture, "preprocessing": asdict(model.preprocessing)}
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True, default=_plain).encode())
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        plain = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(plain.view(torch.uint8).numpy())
    return digest.hexdigest()


def _build(info: CheckpointInfo, folder: Path) -> ReidModel:
    try:
        with torch.random.fork_rng(devices=[]):
            return create_model(**info.architecture)
    except TypeError as error:
        raise ValueError(
            f"{folder / _INFO} names an architecture unknown here: {error}{_drift(info)}"
        ) from error
    except ValueError as error:
        said = f"cannot build the model of {folder}: {error}{_drift(info)}{_plugins(info)}"
        raise ValueError(said) from error


def _write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    # Copies, because safetensors refuses memory that is shared or not in row order.
    rows = torch.contiguous_format
    plain = {name: t.detach().cpu().clone(memory_format=rows) for name, t in tensors.items()}
    with whole_file(path) as temporary:
        save_file(plain, temporary)


def _read_tensors(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise ValueError(f"{path.parent} is an unfinished checkpoint: there is no {path.name}")
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"cannot read {path}: {error}") from error


def _versions() -> dict[str, str]:
    packages = {name: version(name) for name in ("reid-core", "torch", "timm")}
    return {**packages, "python": platform.python_version()}


def _drift(info: CheckpointInfo) -> str:
    """What has changed since the checkpoint was written, as the end of a message."""
    here = _versions()
    changed = [
        f"{name} {then} then, {here[name]} now"
        for name, then in info.versions.items()
        if name in here and here[name] != then and name != "python"
    ]
    return f" ({'; '.join(changed)})" if changed else ""


def _plugins(info: CheckpointInfo) -> str:
    """Whose code the checkpoint was trained with, which is never imported unasked; an end too."""
    recipe = info.metadata.get("recipe")
    plugins = recipe.get("plugins") if isinstance(recipe, Mapping) else None
    named = ", ".join(plugins or ())
    asked = "if you trust them, name them by --plugin in front of the verb"
    return f"; it was trained with plugins ({named}): {asked}" if named else ""


def _plain(value: Any) -> Any:
    """What ``json`` should write for a value it does not know."""
    if isinstance(value, PathLike):
        return str(value)
    if callable(getattr(value, "tolist", None)):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not serialisable")
