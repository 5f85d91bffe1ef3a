"""The networks of ``mmcv.cnn`` as feature maps."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import torchvision  # type: ignore[import-untyped]
from torch import Tensor, nn

from reid_core.backbones.backbone import Backbone, families
from reid_core.backbones.probe import drop_idle, probe
from reid_core.backbones.weights import load_weights
from reid_core.registry import UnknownNameError, nearest

__all__ = ["MmcvBackbone", "MmcvFamily"]

_RESNETS = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")
_VGGS = tuple(f"vgg{depth}{norm}" for depth in (11, 13, 16, 19) for norm in ("", "_bn"))
_NAME = re.compile(r"(?P<kind>resnet|vgg|alexnet)(?P<depth>\d*)(?P<norm>_bn)?")


class MmcvBackbone(Backbone):
    """An mmcv network without its classifier.

    Args:
        network: a network of ``mmcv.cnn`` that returns its last map.
        num_features: channels of that map.
    """

    def __init__(self, network: nn.Module, *, num_features: int) -> None:
        super().__init__()
        self.network = network
        self.num_features = num_features

    def forward(self, images: Tensor) -> Tensor:
        """Map normalised float images (B, 3, H, W) to features (B, C, H', W')."""
        features: Tensor = self.network(images)
        return features


@families.register("mmcv")
class MmcvFamily:
    """ResNet, VGG and AlexNet of ``mmcv.cnn``; their keys are those of torchvision's weights."""

    @staticmethod
    def names(*, pretrained: bool = False) -> list[str]:  # noqa: ARG004 - all are published
        """All networks; known without mmcv."""
        return [*_RESNETS, *_VGGS, "alexnet"]

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
        network = _create(name, last_stride, options)
        if pretrained:
            network.load_state_dict(_published(name), strict=False)
        if weights is not None:
            load_weights(network, weights, classifier=("fc", "classifier"))
        backbone = MmcvBackbone(network, num_features=0)
        seen = probe(backbone, image_size)
        backbone.num_features = seen.num_features
        drop_idle(backbone, seen)
        return backbone


def _create(name: str, last_stride: int, options: dict[str, Any]) -> Any:
    found = _NAME.fullmatch(name) if name in MmcvFamily.names() else None
    if found is None:
        alike = [f"mmcv:{other}" for other in nearest(name, MmcvFamily.names())]
        hint = f"; nearest: {', '.join(alike)}" if alike else ""
        raise UnknownNameError(f"unknown model 'mmcv:{name}'{hint}; see reid-core models")
    cnn = _mmcv_cnn()
    if found["kind"] == "alexnet":
        return _alexnet(cnn, last_stride, options)
    depth = int(found["depth"])
    # mmcv keeps the batch statistics of its weights unless told otherwise, as detectors do.
    arguments: dict[str, Any] = {"bn_eval": False}
    if found["kind"] == "resnet":
        arguments |= {"strides": (1, 2, 2, last_stride), "out_indices": (3,)}
        build = cnn.ResNet
    else:
        arguments |= {"with_bn": bool(found["norm"]), "with_last_pool": last_stride == 2}
        arguments |= {"out_indices": (4,)}
        build = cnn.VGG
    try:
        network = build(depth, **(arguments | options))
    except (TypeError, AssertionError, KeyError) as error:
        raise ValueError(f"mmcv does not build it with {options}: {error}") from error
    network.init_weights(None)
    return network


def _alexnet(cnn: Any, last_stride: int, options: dict[str, Any]) -> Any:
    """AlexNet ends in a pooling, as VGG does; with stride 1 it goes."""
    if options:
        raise ValueError(f"mmcv does not build it with {options}: AlexNet has no options")
    network = cnn.AlexNet()
    if last_stride == 1:
        network.features[-1] = nn.Identity()
    return network


def _mmcv_cnn() -> ModuleType:
    try:
        from mmcv import cnn
    except ImportError as error:
        if "libGL" in str(error) or "libgthread" in str(error):
            help_ = "install the system library, on Debian: apt-get install libgl1 libglib2.0-0"
        else:
            help_ = "install it with: pip install 'reid-core[mmcv]'"
        raise ValueError(f"it needs mmcv ({error}); {help_}") from error
    module: ModuleType = cnn
    return module


def _published(name: str) -> dict[str, Any]:
    """ImageNet weights from torchvision, the ones that mmcv's own URLs name."""
    published = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"]
    try:
        weights: dict[str, Any] = published.get_state_dict(progress=False, check_hash=True)
    except OSError as error:
        raise ValueError(
            f"cannot get the published weights ({error}); fetch the file "
            f"{published.url} yourself and give its path as weights"
        ) from error
    return weights
