"""What is profiled: a checkpoint, or a new network by its name."""

from __future__ import annotations

from pathlib import Path

import torch

from reid_core.embedder import CheckpointEmbedder, checkpoint
from reid_core.models import create_model
from reid_core.registry import UnknownNameError
from reid_data.hub import is_on_hub

__all__ = ["open_network"]


def open_network(
    source: str, *, image_size: tuple[int, int] | None = None, device: str | torch.device = "cpu"
) -> CheckpointEmbedder:
    """Load a checkpoint folder, or build a network with random weights.

    Args:
        source: checkpoint folder, or a name of [`list_models`][reid_core.models.list_models].
        image_size: (height, width) in pixels of a new network; 256x128 if not given.
        device: where it shall run.

    Raises:
        ValueError: there is no such checkpoint or name, or a checkpoint came with an image size.
    """
    where = torch.device(device)
    if Path(source).exists() or is_on_hub(source):
        if image_size is not None:
            raise ValueError("a checkpoint has an image size of its own; leave --image-size out")
        return checkpoint.load(source, device=where)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        try:
            model = create_model(source, image_size=image_size or (256, 128))
        except UnknownNameError as error:
            raise ValueError(f"there is no checkpoint folder {source}: {error}") from error
    return CheckpointEmbedder(model, device=where)
