"""What every backbone offers, whichever library it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from torch import Tensor, nn

from reid_core.registry import Registry

__all__ = ["IMAGENET_MEAN", "IMAGENET_STD", "Backbone", "BackboneFamily", "families"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class Backbone(nn.Module):
    """A network that turns images into a feature map.

    Attributes:
        num_features: C, the channels of the map.
        mean: of each RGB channel in [0, 1], that its weights expect subtracted.
        std: of each RGB channel, that its weights expect divided by.
        of_tokens: whether its map are the tokens of a transformer, each of which has seen the
            whole image.
    """

    num_features: int
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    of_tokens: bool = False

    def forward(self, images: Tensor) -> Tensor:
        """Map normalised float images (B, 3, H, W) to features (B, C, H', W')."""
        raise NotImplementedError


class BackboneFamily(Protocol):
    """A library of networks; what is registered under the part of a name before the colon."""

    @staticmethod
    def names(*, pretrained: bool = False) -> list[str]:
        """The networks it knows, or only those with published weights, without its own prefix."""
        ...

    @staticmethod
    def build(
        name: str,
        *,
        image_size: tuple[int, int],
        last_stride: int,
        pretrained: bool,
        weights: Path | None,
        options: dict[str, Any],
    ) -> Backbone:
        """Build a network, see [`create_backbone`][reid_core.backbones.create_backbone]."""
        ...


families: Registry[type[BackboneFamily]] = Registry("backbone family")
