"""Backbones by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reid_core.backbones.backbone import Backbone, families
from reid_core.registry import UnknownNameError

__all__ = ["create_backbone", "full_name", "list_backbones"]


def full_name(name: str) -> str:
    """``name`` with its family; a plain name means timm.

    Examples:
        >>> full_name("resnet50")
        'timm:resnet50'
    """
    return name if ":" in name else f"timm:{name}"


def list_backbones(*, pretrained: bool = False) -> list[str]:
    """All names, or only those with published weights, with their families."""
    return [
        f"{family}:{name}"
        for family in families.names()
        for name in families[family].names(pretrained=pretrained)
    ]


def create_backbone(
    name: str,
    *,
    image_size: tuple[int, int],
    last_stride: int = 1,
    pretrained: bool = False,
    weights: Path | None = None,
    options: Mapping[str, Any] | None = None,
) -> Backbone:
    """Build a backbone.

    Args:
        name: ``family:network``, for example ``timm:resnet50`` or ``mmcv:resnet50``; a plain name
            means timm.
        image_size: (height, width) in pixels. Networks that learn a position for each patch are
            built for this size.
        last_stride: 1 keeps the resolution in the last stage, which doubles the final map; 2
            leaves the network as published. A network whose blocks all see one resolution, such
            as a ViT, has nothing to change and takes both.
        pretrained: fetch the published weights (needs the network).
        weights: start from this local file; strict, apart from the classifier.
        options: more arguments of the network, for example ``{"drop_path_rate": 0.1}``.

    Raises:
        ValueError: the name is unknown, the network cannot do what is asked, or the weights do
            not fit.
    """
    if last_stride not in (1, 2):
        raise ValueError(f"last_stride must be 1 or 2, not {last_stride}")
    if pretrained and weights is not None:
        raise ValueError(f"pretrained fetches weights and {weights} are some already; choose one")
    family, _, network = full_name(name).partition(":")
    builder = families[family]
    try:
        return builder.build(
            network,
            image_size=image_size,
            last_stride=last_stride,
            pretrained=pretrained,
            weights=weights,
            options=dict(options or {}),
        )
    except UnknownNameError:
        raise
    except ValueError as error:
        raise ValueError(f"{full_name(name)}: {error}") from error
