"""The features of attribute models as embeddings: the entry point ``attributes`` of reid-eval.

With it ``reid-eval embed --model FOLDER`` takes a checkpoint of reid-attr, so that one network
gives embedding and attributes; and ``reid-attr retrieve`` reads attributes from such embeddings
without looking at the images again.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from reid_attr.models.attribute_model import AttributeModel
from reid_attr.models.checkpoint import (
    AttributeCheckpoint,
    is_attribute_checkpoint,
    load_attribute_model,
    read_attribute_checkpoint,
)
from reid_attr.models.on_reid import OnReidModel
from reid_core.models import fingerprint as fingerprint_of_reid

__all__ = ["AttributeEmbedder", "attributes", "fingerprint"]


def fingerprint(model: AttributeModel) -> str:
    """Digest (SHA-256, hexadecimal) of what makes a model's feature: body and image size.

    A head on a re-identification model has the digest of that model, whose embeddings are its
    features; heads, thresholds and the device take no part.
    """
    if isinstance(model.body, OnReidModel):
        return fingerprint_of_reid(model.body.model)
    facts = {
        key: value
        for key, value in model.architecture.items()
        if key not in ("dropout", "batch_norm", "adapter")
    }
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for name, tensor in sorted(model.body.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        plain = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(plain.view(torch.uint8).numpy())
    return digest.hexdigest()


class AttributeEmbedder:
    """An attribute model as `reid_eval.Embedder`: uint8 images to features.

    Args:
        model: in evaluation mode, on the device.
        device: where it runs.
        about: what its checkpoint says of itself.

    Attributes:
        image_size: (height, width) in pixels of the images that it takes.
        embedding_size: D, of the feature from which the head makes the logits.
        fingerprint: see `fingerprint`.
        device: where the images must be.
    """

    def __init__(
        self, model: AttributeModel, *, device: torch.device, about: AttributeCheckpoint
    ) -> None:
        self.image_size = model.preprocessing.image_size
        self.embedding_size = model.body.width
        self.fingerprint = fingerprint(model)
        self.device = device
        self._model, self._about = model, about

    def describe(self) -> dict[str, Any]:
        """Facts for people, as JSON knows them."""
        return {
            "name": self._model.architecture["name"],
            "architecture": self._model.architecture,
            "image_size": list(self.image_size),
            "schema": self._about.schema.name,
        }

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Tensor:
        """Features ``(B, D)`` of uint8 RGB images ``(B, 3, H, W)``."""
        feature: Tensor = self._model.body(self._model.preprocessing.normalize(images))
        return feature.float()


class _Checkpoints:
    """Finds and loads checkpoints of attribute models; what the entry point names."""

    def claims(self, source: str) -> bool:
        """Whether ``source`` is a folder that says so of itself."""
        return is_attribute_checkpoint(Path(source))

    def load(self, source: str, *, device: torch.device) -> AttributeEmbedder:
        """Load a checkpoint folder."""
        model = load_attribute_model(source, device=device)
        return AttributeEmbedder(model, device=device, about=read_attribute_checkpoint(source))


attributes = _Checkpoints()
