"""How other packages find our checkpoints: the entry point ``checkpoint`` of ``reid.embedders``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from reid_core.models import CheckpointInfo, ReidModel, fingerprint, load_model, read_checkpoint

__all__ = ["CheckpointEmbedder", "EmbeddingNetwork", "checkpoint"]

_FILES = ("model.json", "model.safetensors")


class EmbeddingNetwork(nn.Module):
    """A model with its preprocessing: uint8 RGB images (B, 3, H, W) to float32 (B, D).

    Args:
        model: the model; its embedding behind the BNNeck is returned.
    """

    def __init__(self, model: ReidModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor, camids: Tensor | None = None) -> Tensor:
        """Embed images, of known cameras if the model takes those."""
        normalized = self.model.preprocessing.normalize(images)
        if not self.model.takes_clips:
            normalized = normalized.contiguous(memory_format=torch.channels_last)
        more = {} if camids is None else {"camids": camids}
        output = self.model(normalized, **more)
        embedding: Tensor = output.embedding
        return embedding.float()


class CheckpointEmbedder:
    """A trained model that turns uint8 images into embeddings.

    Args:
        model: is put into evaluation mode.
        device: where it shall run.
        info: what its checkpoint says of itself, for people.

    Attributes:
        image_size: (height, width) in pixels of the images that it takes.
        embedding_size: D, the length of one embedding.
        fingerprint: digest of architecture, preprocessing and weights.
        device: where the images must be.
        takes_cameras: whether it embeds better where it is told the images' cameras.
        clip_size: frames of the clips that it takes, as it was trained; none: it takes images.
        clip_stride: distance of these frames.
        network: the same as one network, uint8 images to float32 embeddings, which other
            runtimes can take over.
    """

    def __init__(
        self, model: ReidModel, *, device: torch.device, info: CheckpointInfo | None = None
    ) -> None:
        self.image_size = model.preprocessing.image_size
        self.embedding_size = model.embedding_size
        self.fingerprint = fingerprint(model)
        self.device = device
        self.takes_cameras = model.needs_cameras
        self._cameras = int((model.architecture.get("options") or {}).get("cameras", 0))
        trained = _clips_of(info) if model.takes_clips else {}
        self.clip_size = int(trained.get("length", 4)) if model.takes_clips else None
        self.clip_stride = int(trained.get("stride", 1))
        self._info = info
        # Convolutions are faster in this order, on CPUs and GPUs; other layers do not mind.
        self.network = EmbeddingNetwork(model).eval().to(device)
        self.network.to(memory_format=torch.channels_last)

    def describe(self) -> dict[str, Any]:
        """Facts for people, as JSON knows them."""
        preprocessing = self.network.model.preprocessing
        facts: dict[str, Any] = {
            "name": self.network.model.architecture.get("name"),
            "architecture": self.network.model.architecture,
            "image_size": list(preprocessing.image_size),
            "mean": list(preprocessing.mean),
            "std": list(preprocessing.std),
        }
        if self._info is not None:
            facts |= {"metadata": dict(self._info.metadata), "versions": dict(self._info.versions)}
        return facts

    @torch.inference_mode()
    def __call__(self, images: Tensor, camids: Tensor | None = None) -> Tensor:
        """Embed uint8 RGB images (B, 3, H, W), or clips, as float32 (B, D), behind the BNNeck.

        Args:
            images: of any number.
            camids: their cameras (B,), for a model that takes them; those that it was not trained
                on are unknown to it, as -1 is.
        """
        if camids is not None:
            camids = torch.where(camids < self._cameras, camids, -1)
        embedding: Tensor = self.network(images, camids)
        return embedding


def _clips_of(info: CheckpointInfo | None) -> Mapping[str, Any]:
    """What the recipe of a checkpoint, if a recipe is told, says of clips."""
    told: Any = {} if info is None else info.metadata
    for key in ("recipe", "data", "clips"):
        told = told.get(key) if isinstance(told, Mapping) else None
    return told if isinstance(told, Mapping) else {}


class _Checkpoints:
    """Finds and loads checkpoint folders; what the entry point names."""

    def claims(self, source: str) -> bool:
        """Whether ``source`` is a folder with at least one of a checkpoint's two files."""
        return any((Path(source) / name).is_file() for name in _FILES)

    def load(self, source: str, *, device: torch.device) -> CheckpointEmbedder:
        """Load a checkpoint folder, see [`load_model`][reid_core.models.load_model]."""
        info = read_checkpoint(source)
        return CheckpointEmbedder(load_model(source), device=torch.device(device), info=info)


checkpoint = _Checkpoints()
