"""What ``model.json`` says, checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from reid_core.models.preprocessing import Preprocessing
from reid_data.hub import local_folder

__all__ = ["FORMAT", "VERSION", "CheckpointInfo", "read_checkpoint"]

FORMAT = "reid-core checkpoint"
VERSION = 1


@dataclass(frozen=True)
class CheckpointInfo:
    """The contents of ``model.json``.

    Attributes:
        architecture: arguments with which ``create_model`` builds the network again.
        preprocessing: what the weights expect of an image.
        embedding_size: D.
        metadata: what was said of the training: recipe, number of identities, metrics.
        versions: of reid-core, torch, timm and Python, when it was written.
    """

    architecture: Mapping[str, Any]
    preprocessing: Preprocessing
    embedding_size: int
    metadata: Mapping[str, Any]
    versions: Mapping[str, str]


def read_checkpoint(folder: str | PathLike[str]) -> CheckpointInfo:
    """Read what a checkpoint folder, or ``hf://owner/name``, says of itself, without its weights.

    Raises:
        ValueError: the folder is no checkpoint, or a newer reid-core wrote it.
    """
    folder = local_folder(folder)
    path = folder / "model.json"
    if not path.is_file():
        raise ValueError(
            f"{folder} is no checkpoint: expected a folder with model.json and model.safetensors, "
            f"found {_found(folder)}"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON ({error}); the checkpoint is damaged") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(
            f'{path} does not describe a checkpoint of reid-core ("format": "{FORMAT}")'
        )
    if not isinstance(content.get("version"), int) or content["version"] > VERSION:
        raise ValueError(
            f"{path} has format version {content.get('version')}, this reid-core reads up to "
            f"{VERSION}; upgrade with: pip install --upgrade reid-core"
        )
    try:
        return _parsed(content)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged: {type(error).__name__} {error}") from error


def _parsed(content: dict[str, Any]) -> CheckpointInfo:
    told = content["preprocessing"]
    height, width = told["image_size"]
    mean, std = (tuple(float(value) for value in told[key]) for key in ("mean", "std"))
    if len(mean) != 3 or len(std) != 3:
        raise ValueError(f"mean and std need three values, not {mean} and {std}")
    return CheckpointInfo(
        architecture={**content["architecture"]},
        preprocessing=Preprocessing((int(height), int(width)), mean=mean, std=std),
        embedding_size=int(content["embedding_size"]),
        metadata={**content["metadata"]},
        versions={**content["versions"]},
    )


def _found(folder: Path) -> str:
    if not folder.is_dir():
        return "a file" if folder.exists() else "nothing at this path"
    names = sorted(entry.name for entry in folder.iterdir())
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return (", ".join(names[:5]) + more) if names else "an empty folder"
