"""Attribute models on disk: a folder with ``model.safetensors`` and ``model.json``.

``model.json`` says how to build the network again, its schema, and the thresholds of its
decisions, so a checkpoint needs no configuration beside it. Every file appears whole or not at all,
``model.json`` last.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from reid_attr.models.attribute_model import AttributeModel
from reid_attr.models.card import card_of_attributes
from reid_attr.models.factory import create_attribute_model
from reid_attr.schema import Schema
from reid_core.keys import mismatch
from reid_core.models.card import CARD, write_card
from reid_data.files import replacing
from reid_data.hub import local_folder

__all__ = [
    "AttributeCheckpoint",
    "is_attribute_checkpoint",
    "load_attribute_model",
    "read_attribute_checkpoint",
    "save_attribute_model",
    "set_thresholds",
]

_FORMAT, _VERSION = "reid-attr checkpoint", 1
_MODEL, _INFO = "model.safetensors", "model.json"


@dataclass(frozen=True)
class AttributeCheckpoint:
    """The contents of ``model.json``.

    Attributes:
        architecture: arguments with which `create_attribute_model` builds the network again.
        schema: of the attributes.
        thresholds: probability above which each attribute holds, ``K`` of them.
        softmax: whether groups that exclude are decoded by softmax, as they were trained.
        metadata: about the training.
    """

    architecture: Mapping[str, Any]
    schema: Schema
    thresholds: tuple[float, ...]
    softmax: bool
    metadata: Mapping[str, Any]


def save_attribute_model(
    model: AttributeModel,
    folder: str | PathLike[str],
    *,
    thresholds: Sequence[float] | None = None,
    softmax: bool = False,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write a checkpoint folder, over an older one if there is one, and a card about it.

    Args:
        model: of `create_attribute_model`.
        folder: is made where it does not exist; other files in it are left alone.
        thresholds: of each attribute; 0.5 by default.
        softmax: whether it was trained by softmax within groups.
        metadata: about the training, of what JSON knows.

    Raises:
        ValueError: there are not K thresholds in [0, 1], or JSON cannot hold the metadata.
    """
    folder = Path(folder)
    half = [0.5] * len(model.schema)
    chosen = _checked_thresholds(half if thresholds is None else thresholds, model.schema)
    packages = ("reid-attr", "reid-core", "torch", "timm")
    info = {
        "format": _FORMAT,
        "version": _VERSION,
        "architecture": model.architecture,
        "schema": model.schema.to_dict(),
        "thresholds": chosen,
        "softmax": softmax,
        "metadata": dict(metadata or {}),
        "versions": {**{name: version(name) for name in packages},
                     "python": platform.python_version()},
    }  # fmt: skip
    try:
        text = json.dumps(info, indent=2)
    except (TypeError, ValueError) as error:
        raise ValueError(f"a model's metadata must be what JSON can hold: {error}") from error
    rows = torch.contiguous_format
    tensors = {
        name: tensor.detach().cpu().clone(memory_format=rows)
        for name, tensor in model.state_dict().items()
    }
    with replacing(folder / _MODEL) as temporary:
        save_file(tensors, temporary)
    with replacing(folder / _INFO) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
    write_card(card_of_attributes(json.loads(text), title=folder.resolve().name), folder / CARD)


def set_thresholds(folder: str | PathLike[str], thresholds: Sequence[float]) -> None:
    """Change the thresholds of a checkpoint folder, and nothing else.

    Raises:
        ValueError: the folder is no checkpoint, or there are not K thresholds in [0, 1].
    """
    chosen = _checked_thresholds(thresholds, read_attribute_checkpoint(folder).schema)
    path = Path(folder) / _INFO
    content = json.loads(path.read_text(encoding="utf-8"))
    with replacing(path) as temporary:
        text = json.dumps({**content, "thresholds": chosen}, indent=2)
        temporary.write_text(text + "\n", encoding="utf-8")


def is_attribute_checkpoint(folder: str | PathLike[str]) -> bool:
    """Whether a folder says of itself that it is one, whole or damaged."""
    try:
        content = json.loads((Path(folder) / _INFO).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("format") == _FORMAT


def read_attribute_checkpoint(folder: str | PathLike[str]) -> AttributeCheckpoint:
    """Read what a checkpoint folder says of itself, without its weights.

    Raises:
        ValueError: the folder is no checkpoint of an attribute model, or a newer version wrote it.
    """
    path = local_folder(folder) / _INFO
    if not path.is_file():
        raise ValueError(f"{folder} is no checkpoint: there is no {_INFO}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON ({error}); the checkpoint is damaged") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise ValueError(f'{path} does not describe an attribute model ("format": "{_FORMAT}")')
    if not isinstance(content.get("version"), int) or content["version"] > _VERSION:
        raise ValueError(
            f"{path} has format version {content.get('version')}, this reid-attr reads up to "
            f"{_VERSION}; upgrade with: pip install --upgrade reid-attr"
        )
    try:
        return AttributeCheckpoint(
            architecture={**content["architecture"]},
            schema=Schema.from_dict(content["schema"]),
            thresholds=tuple(float(value) for value in content["thresholds"]),
            softmax=bool(content["softmax"]),
            metadata={**content["metadata"]},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged: {type(error).__name__} {error}") from error


def load_attribute_model(
    folder: str | PathLike[str], *, device: str | torch.device = "cpu"
) -> AttributeModel:
    """Read a model back, bit by bit what was saved.

    The state of torch's random number generator is left as it is.

    Returns:
        The model, in evaluation mode, on ``device``.

    Raises:
        ValueError: the folder is no checkpoint, or its weights do not fit what it says.
    """
    folder = local_folder(folder)
    info = read_attribute_checkpoint(folder)
    if not (folder / _MODEL).is_file():
        raise ValueError(f"{folder} is an unfinished checkpoint: there is no {_MODEL}")
    try:
        weights = load_file(folder / _MODEL)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"cannot read {folder / _MODEL}: {error}") from error
    arguments = {**info.architecture, "image_size": tuple(info.architecture["image_size"])}
    try:
        with torch.random.fork_rng(devices=[]):
            model = create_attribute_model(**arguments, schema=info.schema)
    except TypeError as error:
        raise ValueError(f"{folder / _INFO} names an architecture unknown here: {error}") from error
    problem = mismatch(model.state_dict(), weights)
    if problem:
        raise ValueError(f"{folder / _MODEL} does not fit {_INFO}: {problem}")
    model.load_state_dict(weights)
    return model.eval().to(device)


def _checked_thresholds(thresholds: Sequence[float], schema: Schema) -> list[float]:
    chosen = [float(value) for value in thresholds]
    if len(chosen) != len(schema) or not all(0 <= value <= 1 for value in chosen):
        raise ValueError(f"expected {len(schema)} thresholds from 0 to 1, came {chosen}")
    return chosen
