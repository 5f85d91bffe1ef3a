"""Models by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatch
from os import PathLike
from typing import Any

from reid_core.backbones import full_name, list_backbones
from reid_core.models.kinds import ModelSpec, kind_options, kind_registry
from reid_core.models.neck import NeckName
from reid_core.models.pooling import PoolingName, poolings
from reid_core.models.reid_model import ReidModel
from reid_data.hub import local_file

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
    kind: str = "global",
    image_size: tuple[int, int] = (256, 128),
    pooling: PoolingName | None = None,
    embed_dim: int | None = None,
    neck: NeckName = "bn",
    last_stride: int = 1,
    pretrained: bool = False,
    weights: str | PathLike[str] | None = None,
    mean: tuple[float, float, float] | None = None,
    std: tuple[float, float, float] | None = None,
    options: Mapping[str, Any] | None = None,
) -> ReidModel:
    """Build a model: a backbone, and what a kind of model puts on it.

    Args:
        name: the backbone, ``timm:resnet50``, ``mmcv:resnet50`` or our own ``reid:resnet50``; a
            plain name means timm.
        kind: see `list_kinds`; ``"global"`` pools the whole map.
        image_size: (height, width) in pixels.
        pooling: ``"avg"``, ``"max"``, their sum ``"max+avg"``, one behind the other ``"max,avg"``,
            ``"gem"`` with a learned exponent (for maps behind a ReLU) or ``"attentive"``; none:
            what the kind usually takes.
        embed_dim: D, to which a linear map in front of the neck reduces each vector; none: what
            the kind usually takes.
        neck: ``"bn"``, ``"fc"`` or ``"none"``, see [`Head`][reid_core.models.neck.Head].
        last_stride: 1 keeps the resolution in the last stage, which doubles the final map; 2
            leaves the backbone as published. Backbones of one resolution (ViT) take both.
        pretrained: start from the backbone's published weights, which are fetched.
        weights: start from this file of backbone weights (``.safetensors``, ``.pth``), local or
            ``hf://owner/repository/file``; everything but the classifier must fit.
        mean: of the red, green and blue of the images that the weights were trained on, from 0 to
            1; none: what the backbone's name says.
        std: their standard deviation, likewise.
        options: those that the kind names, such as ``{"parts": 6}`` of ``pcb``, and more arguments
            of the backbone, such as ``{"drop_path_rate": 0.1}``.

    Returns:
        The model, in training mode, on the CPU.

    Raises:
        ValueError: a name is unknown (the message says the nearest), kind and backbone do not go
            together, the backbone cannot do what is asked, or the weights do not fit.

    Examples:
        >>> model = create_model("timm:resnet10t", image_size=(64, 32))
        >>> model.embedding_size
        512
    """
    height, width = image_size
    if min(height, width) < 1:
        raise ValueError(f"image_size must be (height, width) in pixels, not {image_size}")
    if std is not None and min(std) <= 0:
        raise ValueError(f"std must be above 0 for every colour, not {std}")
    if pooling is not None:
        _ = poolings[pooling]
    own = kind_options(kind, options or {})
    spec = ModelSpec(
        name=full_name(name),
        image_size=(height, width),
        pooling=pooling,
        embed_dim=embed_dim,
        neck=neck,
        last_stride=last_stride,
        pretrained=pretrained,
        weights=None if weights is None else local_file(weights),
        options={key: value for key, value in (options or {}).items() if key not in own},
        architecture={
            "name": full_name(name),
            "kind": kind,
            "image_size": [height, width],
            "pooling": pooling,
            "embed_dim": embed_dim,
            "neck": neck,
            "last_stride": last_stride,
            "options": dict(options or {}),
        },
    )
    model = kind_registry[kind](spec, **own)
    usual = model.preprocessing
    model.preprocessing = replace(usual, mean=mean or usual.mean, std=std or usual.std)
    return model
