"""Attributes of many images: a model over records, to logits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from reid_attr.models.attribute_model import AttributeModel
from reid_data import Records, eval_loader
from reid_data.workers import WorkerCount

__all__ = ["recognize"]


def _silent(_count: int) -> None:
    pass


def recognize(
    model: AttributeModel,
    records: Records,
    *,
    device: torch.device | str = "cpu",
    batch_size: int = 128,
    workers: WorkerCount = 0,
    advance: Callable[[int], None] = _silent,
) -> NDArray[np.float32]:
    """Logits of each image ``(N, K)``, in the order of the records.

    Args:
        model: is put on the device and in evaluation mode, and back in the mode it had.
        records: the images.
        device: where to compute.
        batch_size: images at once.
        workers: loader processes.
        advance: told how many images are done.

    Raises:
        UnreadableImagesError: an image cannot be read.
    """
    mode = model.training
    model = model.eval().to(device)
    size = model.preprocessing.image_size
    loader = eval_loader(records, image_size=size, batch_size=batch_size, workers=workers)
    parts = []
    with torch.inference_mode():
        for batch in loader:
            images = model.preprocessing.normalize(batch.to(device).images)
            parts.append(model(images).logits.float().cpu().numpy())
            advance(len(batch))
    model.train(mode)
    return np.concatenate(parts)
