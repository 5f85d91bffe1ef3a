"""Whether a frozen re-ID model still knows who was drawn."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, cross_entropy, interpolate, normalize

from reid_core.models import ReidModel, load_model
from reid_data import eval_loader
from reid_data.records import Records

__all__ = ["IdentityLoss"]

_SHARPNESS = 16.0
"""Factor of the cosines before the softmax over people."""


class IdentityLoss(nn.Module):
    """``1 - cos`` to the target's embedding, and cross-entropy over everybody's mean embedding.

    A re-ID model's own classifier knows its own people in its own order; mean embeddings of the
    training images serve any model.

    Args:
        model: frozen here.
        means: (C, D) mean embeddings, one a person.
        pids: (C,) int64, ascending, whose they are.
    """

    means: Tensor
    pids: Tensor

    def __init__(self, model: ReidModel, means: Tensor, pids: Tensor) -> None:
        super().__init__()
        self.model = model.requires_grad_(False).eval()
        self.register_buffer("means", normalize(means, dim=1), persistent=False)
        self.register_buffer("pids", pids, persistent=False)

    @classmethod
    def of_people(
        cls, folder: Path | str, records: Records, *, device: torch.device | str = "cpu"
    ) -> IdentityLoss:
        """Load a model and embed the training images with it.

        Args:
            folder: checkpoint folder of a re-ID model, or ``hf://owner/repository`` that holds one.
            records: training images.
            device: where they are embedded.

        Raises:
            ValueError: the folder is no such checkpoint, or cannot be fetched.
        """
        model = load_model(folder, device=device).eval()
        loader = eval_loader(records, image_size=model.preprocessing.image_size, batch_size=64)
        parts, owners = [], []
        with torch.inference_mode():
            for batch in loader:
                images = model.preprocessing.normalize(batch.images.to(device))
                parts.append(normalize(model(images).embedding.float(), dim=1).cpu())
                owners.append(batch.pids)
        pids, inverse = torch.unique(torch.cat(owners), return_inverse=True)
        features = torch.cat(parts)
        means = torch.zeros(len(pids), features.shape[1]).index_add(0, inverse, features)
        return cls(model.cpu(), means, pids)

    def train(self, mode: bool = True) -> IdentityLoss:
        """Always in evaluation mode."""
        del mode
        return super().train(False)

    def forward(self, images: Tensor, targets: Tensor, pids: Tensor) -> Tensor:
        """A scalar for drawn and true images (B, 3, H, W) in -1 .. 1 and whose they are (B,)."""
        ours = self._embed(images)
        with torch.no_grad():
            theirs = self._embed(targets)
        far = 1 - cosine_similarity(ours, theirs, dim=1).mean()
        labels = torch.searchsorted(self.pids, pids)
        scores = _SHARPNESS * normalize(ours, dim=1) @ self.means.T
        return far + cross_entropy(scores, labels)

    def _embed(self, images: Tensor) -> Tensor:
        taken = self.model.preprocessing
        sized = interpolate(images, taken.image_size, mode="bilinear", align_corners=False)
        mean, std = (
            torch.tensor(value, device=images.device)[:, None, None]
            for value in (taken.mean, taken.std)
        )
        embedding: Tensor = self.model(((sized + 1) / 2 - mean) / std).embedding
        return embedding.float()
