"""Model folders of roboflow's ``reid``: ``reid_config.json`` and ``weights.safetensors``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor

from reid_core.importing.names import under
from reid_core.importing.torchreid import Torchreid
from reid_core.importing.translation import Translation
from reid_core.models import ReidModel
from reid_data.hub import HUB, hub_file

__all__ = ["CONFIG", "check_timm", "folder_files", "read_config", "translate_folder"]

CONFIG, WEIGHTS = "reid_config.json", "weights.safetensors"


def folder_files(source: str) -> tuple[Path, Path] | None:
    """Configuration and weights of a folder, local or ``hf://owner/repository``; none: no such."""
    if source.startswith(HUB):
        parts = [part for part in source.removeprefix(HUB).split("/") if part]
        if len(parts) != 2:
            return None
        return hub_file("/".join(parts), CONFIG), hub_file("/".join(parts), WEIGHTS)
    folder = Path(source)
    if not (folder / CONFIG).is_file():
        return None
    return folder / CONFIG, folder / WEIGHTS


def read_config(path: Path) -> dict[str, Any]:
    """What the folder says of its network and of the images that it takes.

    Raises:
        ValueError: it is damaged, or asks for what we do not do.
    """
    try:
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        architecture = config["architecture"]
        images = dict(config.get("preprocessing") or {})
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged: {type(error).__name__} {error}") from error
    if not isinstance(architecture, str) or not architecture.startswith(("osnet_", "timm:")):
        raise ValueError(
            f"{path} names the architecture {architecture!r}; osnet_* and timm:* can be imported"
        )
    if images.get("to_rgb", True) is not True:
        raise ValueError(f"{path} says that the network takes BGR images; ours take RGB")
    return {"architecture": architecture, "preprocessing": images}


def translate_folder(config: Mapping[str, Any], weights: Mapping[str, Tensor]) -> Translation:
    """Network and preprocessing of a folder."""
    images, architecture = config["preprocessing"], config["architecture"]
    told: dict[str, Any] = {key: tuple(images[key]) for key in ("mean", "std") if key in images}
    size = {"image_size": tuple(images["input_size"])} if "input_size" in images else {}
    if architecture.startswith("osnet_"):
        found = Torchreid().translate(weights)
        return Translation(
            found.name, {**found.arguments, **size}, found.weights, found.heads, **told
        )
    arguments = {"last_stride": 2, "neck": "none", **size}
    return Translation(architecture, arguments, under(weights, "", "backbone.network."), **told)


def check_timm(model: ReidModel, name: str, weights: Mapping[str, Tensor]) -> None:
    """Refuse networks of timm that do not pool as our model does, such as a ViT.

    Raises:
        ValueError: it computes something else.
    """
    published = timm.create_model(name.removeprefix("timm:"), num_classes=0)
    try:
        published.load_state_dict(dict(weights))
        images = torch.rand(2, 3, *model.preprocessing.image_size)
        with torch.inference_mode():
            expected, found = published.eval()(images), model.eval()(images).embedding
        same = expected.shape == found.shape and torch.allclose(expected, found, 1e-3, 1e-4)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"{name} does not take these weights or images: {error}") from error
    if not same:
        raise ValueError(f"{name} does not average its last map, as an imported model would")
