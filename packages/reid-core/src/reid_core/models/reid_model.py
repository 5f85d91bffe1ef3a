"""What every model is to those who train, evaluate or save it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from reid_core.models.preprocessing import Preprocessing

__all__ = ["ReidModel", "ReidOutput"]


@dataclass(frozen=True, eq=False)
class ReidOutput:
    """What a model returns, in training and in evaluation alike.

    Attributes:
        feature: (B, D) in front of the normalisation, for metric losses.
        embedding: (B, D) behind it, for softmax and retrieval.
        feature_map: (B, C, H', W') that was pooled, for losses and pictures of places; None from
            a model that has no such map.
        branches: outputs of a model's single branches, whose joint output this one is; empty
            from a model of one branch.
    """

    feature: Tensor
    embedding: Tensor
    feature_map: Tensor | None = None
    branches: tuple[ReidOutput, ...] = ()

    def float(self) -> ReidOutput:
        """The same in float32, for losses behind a network in lower precision."""
        return ReidOutput(
            self.feature.float(),
            self.embedding.float(),
            None if self.feature_map is None else self.feature_map.float(),
            tuple(branch.float() for branch in self.branches),
        )


class ReidModel(nn.Module):
    """Base of all models: normalised images in, a [`ReidOutput`][reid_core.models] out.

    Args:
        embedding_size: D of features and embeddings.
        preprocessing: what its weights expect of an image.
        architecture: the arguments with which ``create_model`` builds the same network again,
            as JSON knows them.
    """

    def __init__(
        self,
        embedding_size: int,
        preprocessing: Preprocessing,
        *,
        architecture: Mapping[str, Any],
    ) -> None:
        super().__init__()
        self.embedding_size = embedding_size
        self.preprocessing = preprocessing
        self.architecture = dict(architecture)

    def forward(self, images: Tensor) -> ReidOutput:
        """Describe normalised float images (B, 3, H, W), see ``preprocessing.normalize``."""
        raise NotImplementedError
