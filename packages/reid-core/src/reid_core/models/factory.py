"""Models by name."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatch
from os import PathLike
from pathlib import Path
from typing import Any

from reid_core.backbones import create_backbone, full_name, list_backbones
from reid_core.models.global_model import GlobalModel
from reid_core.models.pooling import PoolingName, poolings
from reid_core.models.reid_model import ReidModel

__all__ = ["create_model", "list_models"]


def list_models(pattern: str = "", *, pretrained: bool = False) -> list[str]:
    """Names that `create_model` takes.

    Args:
        pattern: a part of the name, or a pattern with ``*`` and ``?`` for the whole of it.
        pretrained: only those with published weights.

    Examples:
        >>> list_models("mmcv:resnet1*")
        ['mmcv:resnet18', 'mmcv:resnet101', 'mmcv:resnet152']
    """
    whole = any(sign in pattern for sign in "*?[")
    wanted = pattern if whole else f"*{pattern}*"
    return [name for name in list_backbones(pretrained=pretrained) if fnmatch(name, wanted)]


def create_model(
    name: str,
    *,
    image_size: tuple[int, int] = (256, 128),
    pooling: PoolingName = "avg",
    last_stride: int = 1,
    pretrained: bool = False,
    weights: str | PathLike[str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> ReidModel:
    """Build a model: a backbone, a pooling and a BNNeck.

    Args:
        name: the backbone, ``timm:resnet50`` or ``mmcv:resnet50``; a plain name means timm.
        image_size: (height, width) in pixels.
        pooling: ``"avg"``, or ``"gem"`` with a learned exponent (for maps behind a ReLU).
        last_stride: 1 keeps the resolution in the last stage, which doubles the final map; 2
            leaves the backbone as published. Backbones of one resolution (ViT) take both.
        pretrained: start from the backbone's published weights, which are fetched.
        weights: start from this local file of backbone weights (``.safetensors``, ``.pth``);
            everything but the classifier must fit.
        options: more arguments of the backbone, such as ``{"drop_path_rate": 0.1}``.

    Returns:
        The model, in training mode, on the CPU.

    Raises:
        ValueError: a name is unknown (the message says the nearest), the backbone cannot do what
            is asked, or the weights do not fit.

    Examples:
        >>> model = create_model("timm:resnet10t", image_size=(64, 32))
        >>> model.embedding_size
        512
    """
    height, width = image_size
    if min(height, width) < 1:
        raise ValueError(f"image_size must be (height, width) in pixels, not {image_size}")
    pool = poolings[pooling]
    backbone = create_backbone(
        name,
        image_size=(height, width),
        last_stride=last_stride,
        pretrained=pretrained,
        weights=None if weights is None else Path(weights),
        options=options,
    )
    architecture = {
        "name": full_name(name),
        "image_size": [height, width],
        "pooling": pooling,
        "last_stride": last_stride,
        "options": dict(options or {}),
    }
    return GlobalModel(
        backbone,
        pool(backbone.num_features),
        image_size=(height, width),
        architecture=architecture,
    )
