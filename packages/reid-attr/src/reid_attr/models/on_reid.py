"""A body that is a re-identification model, so that one network gives embedding and attributes."""

from __future__ import annotations

from torch import Tensor, nn

from reid_attr.models.attribute_model import Body
from reid_attr.models.trunks import Normalize
from reid_core.models import ReidModel

__all__ = ["OnReidModel"]


class OnReidModel(Body):
    """Images in [0, 1] to the embeddings of a model of `reid_core.create_model`.

    An attribute model's output has them as ``feature``: the embedding of the same pass.

    Args:
        model: of images, not of clips, that needs no cameras.

    Raises:
        ValueError: it is another kind of model.
    """

    def __init__(self, model: ReidModel) -> None:
        super().__init__()
        if model.takes_clips or model.needs_cameras:
            raise ValueError("attributes go on a re-ID model of single images without cameras")
        self.normalize = Normalize(model.preprocessing.mean, model.preprocessing.std)
        self.model = model
        self.width = model.embedding_size

    def forward(self, images: Tensor) -> Tensor:
        """Map ``(B, 3, H, W)`` to ``(B, D)``."""
        embedding: Tensor = self.model(self.normalize(images)).embedding
        return embedding

    def parts(self) -> dict[str, list[nn.Module]]:
        """One part."""
        return {"trunks": [self.model]}
