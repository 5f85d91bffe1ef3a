"""A trained model with everything that its answers need: preprocessing, thresholds, groups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reid_attr.decoding import decide, describe, probabilities_of
from reid_attr.models.attribute_model import AttributeModel
from reid_attr.models.checkpoint import load_attribute_model, read_attribute_checkpoint
from reid_attr.schema import Schema
from reid_data import Records, eval_loader
from reid_data.hub import local_model
from reid_data.workers import WorkerCount
from reid_eval.embedders import load_embedder, resolve_device

__all__ = ["FILE_ENDINGS", "Recognizer", "load_recognizer"]

FILE_ENDINGS = (".onnx", ".xml", ".pt2")
"""Of the files that `reid-attr export` writes."""

_ROWS = 1 << 14


def _silent(_count: int) -> None:
    pass


@dataclass(frozen=True, eq=False)
class Recognizer:
    """Images in, probabilities out, and what they mean.

    Attributes:
        schema: of the K attributes.
        image_size: (height, width) in pixels of the images that it takes.
        thresholds: probability above which each attribute holds.
        softmax: whether the attributes of a group that excludes share probability 1.
        device: where it runs.
        run: uint8 images on that device to probabilities.
        model: the network, where it is one of torch.
        metadata: about the training.
    """

    schema: Schema
    image_size: tuple[int, int]
    thresholds: tuple[float, ...]
    softmax: bool
    device: torch.device
    run: Callable[[Tensor], Tensor]
    model: AttributeModel | None = None
    metadata: Any = None

    def __call__(self, images: Tensor) -> Tensor:
        """Probabilities ``(B, K)``, float32 on the CPU, of uint8 RGB images ``(B, 3, H, W)``.

        Raises:
            ValueError: the images have another size or type.
        """
        if images.dtype != torch.uint8 or images.shape[1:] != (3, *self.image_size):
            height, width = self.image_size
            raise ValueError(
                f"expected uint8 images (B, 3, {height}, {width}), came {images.dtype} "
                f"{tuple(images.shape)}"
            )
        with torch.inference_mode():
            return self.run(images.to(self.device)).float().cpu()

    def of_records(
        self,
        records: Records,
        *,
        batch_size: int = 128,
        workers: WorkerCount = 0,
        advance: Callable[[int], None] = _silent,
    ) -> NDArray[np.float32]:
        """Probabilities of each image ``(N, K)``, in the order of the records.

        Args:
            records: the images.
            batch_size: images at once.
            workers: loader processes.
            advance: told how many images are done.

        Raises:
            UnreadableImagesError: an image cannot be read.
        """
        loader = eval_loader(
            records, image_size=self.image_size, batch_size=batch_size, workers=workers
        )
        parts = [np.empty((0, len(self.schema)), np.float32)]
        for batch in loader:
            parts.append(self(batch.images).numpy())
            advance(len(batch))
        return np.concatenate(parts)

    def of_features(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities ``(N, K)`` of features ``(N, D)`` that the model gave for images before.

        Raises:
            ValueError: the model is a file, which keeps its features for itself, or they have
                another width.
        """
        if self.model is None:
            raise ValueError("an exported file takes images only; name the checkpoint folder")
        width = self.model.body.width
        if features.ndim != 2 or features.shape[1] != width:
            raise ValueError(f"expected features (N, {width}), came {features.shape}")
        head, parts = self.model.head, [np.empty((0, len(self.schema)), np.float32)]
        with torch.inference_mode():
            for start in range(0, len(features), _ROWS):
                rows = torch.from_numpy(np.array(features[start : start + _ROWS], np.float32))
                logits = head(rows.to(self.device))
                found = probabilities_of(logits, self.schema, softmax=self.softmax)
                parts.append(found.float().cpu().numpy())
        return np.concatenate(parts)

    def decide(self, probabilities: Any) -> NDArray[np.bool_]:
        """Which attributes hold ``(N, K)``, of a group that excludes the likeliest."""
        return decide(
            probabilities,
            self.schema,
            thresholds=self.thresholds,
            by_group=True,
            softmax=self.softmax,
        )

    def describe(self, probabilities: Any) -> list[dict[str, str]]:
        """What holds in words, a mapping from groups an image, see `describe`."""
        return describe(self.decide(probabilities), self.schema)


def load_recognizer(
    source: str | PathLike[str], *, device: str | torch.device = "auto"
) -> Recognizer:
    """Load a trained model, or a file that `reid-attr export` wrote.

    Args:
        source: a checkpoint folder, or a ``.onnx``, ``.xml`` or ``.pt2`` file.
        device: where it shall run; ``auto`` takes the GPU if there is one.

    Raises:
        ValueError: there is no such model, it is damaged, or the file is of another kind of model.
        MissingExtraError: what runs such a file is not installed.
    """
    place, path = resolve_device(device), local_model(source)
    if path.suffix.lower() in FILE_ENDINGS and not path.is_dir():
        return _of_file(path, place)
    about, model = read_attribute_checkpoint(path), load_attribute_model(path, device=place)
    # Convolutions are faster in this order, on CPUs and GPUs; other layers do not mind.
    model.to(memory_format=torch.channels_last)

    def run(images: Tensor) -> Tensor:
        pixels = model.preprocessing.normalize(images)
        logits = model(pixels.contiguous(memory_format=torch.channels_last)).logits
        return probabilities_of(logits.float(), about.schema, softmax=about.softmax)

    return Recognizer(
        about.schema,
        model.preprocessing.image_size,
        about.thresholds,
        about.softmax,
        place,
        run,
        model,
        about.metadata,
    )


def _of_file(path: Path, device: torch.device) -> Recognizer:
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    network = load_embedder(path, device=device)
    said = network.describe()
    try:
        schema = Schema.from_dict(said["schema"])
        thresholds = tuple(float(value) for value in said["thresholds"])
        softmax = bool(said["softmax"])
        schema.check_columns(network.embedding_size)
        schema.check_columns(len(thresholds))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} is no attribute model: {type(error).__name__} {error}; "
            "write one with: reid-attr export"
        ) from error
    return Recognizer(schema, network.image_size, thresholds, softmax, device, network)
