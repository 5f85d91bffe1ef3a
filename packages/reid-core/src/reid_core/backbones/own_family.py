"""Our own networks: ``reid:resnet50_ibn_a``, ``reid:osnet_x1_0``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torchvision  # type: ignore[import-untyped]
from torch import Tensor

from reid_core.backbones.backbone import Backbone, families
from reid_core.backbones.osnet import OSNET_WIDTHS, OSNet, own_osnet_names
from reid_core.backbones.probe import probe
from reid_core.backbones.resnet import DEPTHS, ResNet
from reid_core.backbones.weights import load_weights
from reid_core.registry import UnknownNameError, nearest
from reid_data.hub import local_file

__all__ = ["OwnFamily"]

_RESNET = re.compile(r"resnet(?P<depth>\d+)(?P<ibn>_ibn_a)?")
_OSNET = re.compile(r"osnet(?P<variant>_ibn|_ain)?_(?P<width>x\d_\d+)")
_RESNETS = [f"resnet{depth}{ibn}" for ibn in ("", "_ibn_a") for depth in DEPTHS]
_OSNETS = [f"osnet{variant}_{width}" for variant in ("", "_ibn", "_ain") for width in OSNET_WIDTHS]
_IBN_URL = "https://github.com/XingangPan/IBN-Net/releases/download/v1.0"
_IBN_FILES = {
    18: "resnet18_ibn_a-2f571257.pth",
    34: "resnet34_ibn_a-94bc1577.pth",
    50: "resnet50_ibn_a-d9d0bb7b.pth",
    101: "resnet101_ibn_a-59ea0ac6.pth",
}
_OSNETS_ON_HUB = {
    *(f"osnet_{width}" for width in OSNET_WIDTHS),
    "osnet_ibn_x1_0",
    "osnet_ain_x1_0",
}
_CLASSIFIER = ("fc", "classifier")


@families.register("reid")
class OwnFamily:
    """ResNet with IBN-a or non-local blocks, and OSNet."""

    @staticmethod
    def names(*, pretrained: bool = False) -> list[str]:
        """All networks, or only those with published weights."""
        names = [*_RESNETS, *_OSNETS]
        return [name for name in names if _published(name)] if pretrained else names

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
        """Build a network, see [`create_backbone`][reid_core.backbones.create_backbone].

        OSNet does not shrink its map in the last stage, so it takes both strides.
        """
        if name not in [*_RESNETS, *_OSNETS]:
            alike = [f"reid:{other}" for other in nearest(name, OwnFamily.names())]
            hint = f"; nearest: {', '.join(alike)}" if alike else ""
            raise UnknownNameError(f"unknown model 'reid:{name}'{hint}; see reid-core models")
        backbone = _build(name, last_stride, options)
        probe(backbone, image_size, gradients=False)
        if pretrained:
            weights = _fetched(name)
        if weights is not None:
            load_weights(
                backbone,
                weights,
                classifier=_CLASSIFIER,
                may_lack={key for key in backbone.state_dict() if key.startswith("non_local.")},
                adapt=_adapt if isinstance(backbone, OSNet) else None,
            )
        return backbone


def _build(name: str, last_stride: int, options: dict[str, Any]) -> Backbone:
    resnet, osnet = _RESNET.fullmatch(name), _OSNET.fullmatch(name)
    try:
        if resnet is not None:
            depth, ibn = int(resnet["depth"]), resnet["ibn"] is not None
            return ResNet(depth, ibn=ibn, last_stride=last_stride, **options)
        if osnet is not None:
            variant: Any = (osnet["variant"] or "_plain").removeprefix("_")
            return OSNet(osnet["width"], variant=variant, **options)
    except TypeError as error:
        raise ValueError(f"it cannot be built with {options}: {error}") from error
    raise UnknownNameError(f"unknown model 'reid:{name}'")


def _adapt(weights: dict[str, Tensor], _: Any) -> Mapping[str, Any]:
    return own_osnet_names(weights)


def _published(name: str) -> bool:
    found = _RESNET.fullmatch(name)
    if found is None:
        return name in _OSNETS_ON_HUB
    return found["ibn"] is None or int(found["depth"]) in _IBN_FILES


def _fetched(name: str) -> Path:
    """Published ImageNet weights, where torch or the hub keep what they have fetched."""
    if not _published(name):
        raise ValueError("nobody has published ImageNet weights of it; set pretrained=False")
    found = _RESNET.fullmatch(name)
    if found is None:
        return local_file(f"hf://kaiyangzhou/osnet/{name}_imagenet.pth")
    if found["ibn"] is None:
        url = str(torchvision.models.get_model_weights(name)["IMAGENET1K_V1"].url)
    else:
        url = f"{_IBN_URL}/{_IBN_FILES[int(found['depth'])]}"
    path = Path(torch.hub.get_dir()) / "checkpoints" / url.rsplit("/", 1)[1]
    try:
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(url, str(path), progress=False)
    except OSError as error:
        raise ValueError(
            f"cannot get the published weights ({error}); fetch the file {url} yourself and give "
            "its path as weights"
        ) from error
    return path
