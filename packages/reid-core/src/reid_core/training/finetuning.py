"""What a recipe takes over from the checkpoint that it trains further."""

from __future__ import annotations

import json
from pathlib import Path

from reid_core.models import read_checkpoint
from reid_data.hub import local_model

__all__ = ["architecture_of"]


def architecture_of(source: Path) -> list[str]:
    """Overrides that give a recipe the network of a checkpoint folder.

    A file of weights says nothing of its network; the recipe's own is used for it.

    Args:
        source: a checkpoint folder, or a file of weights, also as ``hf://owner/name``.

    Raises:
        ValueError: there is nothing, or the folder is no checkpoint.
    """
    source = local_model(source)
    if not source.exists():
        raise ValueError(f"there is nothing at {source} to begin with")
    if source.is_file():
        return []
    found = read_checkpoint(source)
    architecture = dict(found.architecture)
    size = architecture.pop("image_size")
    colours = {"mean": list(found.preprocessing.mean), "std": list(found.preprocessing.std)}
    # Its weights come from the checkpoint, not from where the checkpoint once began.
    model = {**architecture, **colours, "pretrained": False, "weights": None}
    return [f"model={json.dumps(model)}", f"data.image_size={json.dumps(size)}"]
