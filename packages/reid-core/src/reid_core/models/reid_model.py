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
        attention: (B, H', W'), of clips (B, T, H', W'), how much each place counted; None from a
            model that makes no such map.
        is_part: whether it describes a part of the person only, as a stripe does.
    """

    feature: Tensor
    embedding: Tensor
    feature_map: Tensor | None = None
    branches: tuple[ReidOutput, ...] = ()
    attention: Tensor | None = None
    is_part: bool = False

    def float(self) -> ReidOutput:
        """The same in float32, for losses behind a network in lower precision."""
        return ReidOutput(
            self.feature.float(),
            self.embedding.float(),
            None if self.feature_map is None else self.feature_map.float(),
            tuple(branch.float() for branch in self.branches),
            None if self.attention is None else self.attention.float(),
            self.is_part,
        )


class ReidModel(nn.Module):
    """Base of all models: normalised images in, a [`ReidOutput`][reid_core.models] out.

    Args:
        embedding_size: D of features and embeddings.
        preprocessing: what its weights expect of an image.
        architecture: the arguments with which ``create_model`` builds the same network again,
            as JSON knows them.

    Attributes:
        takes_clips: whether it describes clips (B, T, 3, H, W), not images.
        needs_cameras: whether ``forward`` takes ``camids`` (B,) as well.
    """

    takes_clips: bool = False
    needs_cameras: bool = False

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
        """Describe normalised float images (B, 3, H, W), see ``preprocessing.normalize``.

        A model of clips takes them as (B, T, 3, H, W) and gives each clip one row.
        """
        raise NotImplementedError

    def check(self, images: Tensor) -> None:
        """Refuse what is not normalised or not what this model describes.

        Raises:
            ValueError: says what was expected.
        """
        if not images.is_floating_point():
            raise ValueError(
                f"expected normalised float images, came {images.dtype}; "
                "use model.preprocessing.normalize(images)"
            )
        if images.ndim != 4 + self.takes_clips:
            wanted = "clips (B, T, 3, H, W)" if self.takes_clips else "images (B, 3, H, W)"
            other = "an image model such as global" if self.takes_clips else "a video model"
            raise ValueError(
                f"this model describes {wanted}, came {tuple(images.shape)}; for those choose "
                f"{other}, see kind of create_model"
            )
