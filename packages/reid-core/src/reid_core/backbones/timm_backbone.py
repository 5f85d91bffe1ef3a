"""Any network of timm as a feature map, convolutional or made of tokens."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

import timm
from torch import Tensor, nn

from reid_core.backbones.backbone import IMAGENET_MEAN, IMAGENET_STD, Backbone, families
from reid_core.backbones.last_stride import keep_last_resolution
from reid_core.backbones.probe import Probe, drop_idle, probe, run_on_meta
from reid_core.backbones.weights import load_weights
from reid_core.registry import UnknownNameError, nearest

__all__ = ["TimmBackbone", "TimmFamily"]

Layout = Literal["channels first", "channels last", "tokens"]


class TimmBackbone(Backbone):
    """A timm network without its classifier.

    Networks of tokens return their patches, laid out as a map as timm itself lays them out. The
    class token, if there is one, takes part in the attention as always but is no place in the
    image and no part of the map; neither are register tokens.

    Args:
        network: a timm model with ``forward_features``.
        layout: of what ``forward_features`` returns.
    """

    def __init__(self, network: nn.Module, *, layout: Layout) -> None:
        super().__init__()
        self.network = network
        self.num_features = int(network.num_features)  # type: ignore[arg-type]
        self._layout = layout
        self.of_tokens = layout == "tokens"
        published: dict[str, Any] = network.pretrained_cfg  # type: ignore[assignment]
        self.mean = tuple(published.get("mean") or IMAGENET_MEAN)
        self.std = tuple(published.get("std") or IMAGENET_STD)

    def forward(self, images: Tensor) -> Tensor:
        """Map normalised float images (B, 3, H, W) to features (B, C, H', W')."""
        network: Any = self.network
        if self._layout == "tokens":
            maps: list[Tensor] = network.forward_intermediates(
                images, indices=1, norm=True, output_fmt="NCHW", intermediates_only=True
            )
            return maps[-1]
        features: Tensor = network.forward_features(images)
        return features.permute(0, 3, 1, 2) if self._layout == "channels last" else features


@families.register("timm")
class TimmFamily:
    """Networks of timm, with or without the tag of their weights (``resnet50.a1_in1k``)."""

    @staticmethod
    def names(*, pretrained: bool = False) -> list[str]:
        """All architectures, or only those with published weights, without tags."""
        names: list[str] = timm.list_models(pretrained=pretrained, include_tags=False)
        return names

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
        network = _create(name, image_size, pretrained=pretrained, options=options)
        backbone = _backbone(network, image_size)
        if last_stride == 1 and not _has_one_resolution(network):
            seen = keep_last_resolution(backbone, image_size)
        else:
            seen = probe(backbone, image_size)
        backbone.num_features = seen.num_features
        if weights is not None:
            load_weights(
                network,
                weights,
                classifier=_classifier(network),
                may_lack=_unneeded(network, seen),
                adapt=getattr(sys.modules[type(network).__module__], "checkpoint_filter_fn", None),
            )
        drop_idle(backbone, seen)
        return backbone


def _create(
    name: str, image_size: tuple[int, int], *, pretrained: bool, options: dict[str, Any]
) -> nn.Module:
    known = set(timm.list_models()) | set(timm.list_models(pretrained=True, include_tags=True))
    if name not in known:
        alike = [f"timm:{other}" for other in nearest(name, sorted(known))]
        hint = f"; nearest: {', '.join(alike)}" if alike else ""
        raise UnknownNameError(f"unknown model 'timm:{name}'{hint}; see reid-core models")
    published = timm.get_pretrained_cfg(name)
    arguments = {"num_classes": 0, **options}
    if published is not None and published.fixed_input_size:
        arguments["img_size"] = image_size
    try:
        return timm.create_model(name, pretrained=pretrained, **arguments)
    except (TypeError, AssertionError) as error:
        said = str(error) or "it refuses without a reason"
        raise ValueError(f"timm does not build it with {arguments}: {said}") from error
    except (RuntimeError, OSError, ValueError) as error:
        if not pretrained:
            raise ValueError(f"timm does not build it: {error}") from error
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ValueError(
            f"cannot get the published weights ({reason[0]}); "
            "fetch the file yourself and give its path as weights"
        ) from error


def _backbone(network: nn.Module, image_size: tuple[int, int]) -> TimmBackbone:
    """Wrap a network according to how its ``forward_features`` lays out what it returns."""
    last = getattr(network, "output_fmt", None) == "NHWC"
    backbone = TimmBackbone(network, layout="channels last" if last else "channels first")
    if last:
        return backbone
    features, _ = run_on_meta(backbone, image_size)
    if isinstance(features, Tensor) and features.ndim == 4:
        return backbone
    if not hasattr(network, "forward_intermediates"):
        raise ValueError("it returns no map, and timm does not lay out what it returns as one")
    return TimmBackbone(network, layout="tokens")


def _has_one_resolution(network: Any) -> bool:
    """Whether all blocks see the same map, as in a ViT: no last stage has a stride to change."""
    return len({stage["reduction"] for stage in getattr(network, "feature_info", ())}) == 1


def _classifier(network: Any) -> tuple[str, ...]:
    names = network.pretrained_cfg.get("classifier") or ()
    return (names,) if isinstance(names, str) else tuple(names)


def _unneeded(network: nn.Module, seen: Probe) -> set[str]:
    """Names in ``network`` of what a file of weights need not have."""
    modules = tuple(f"{name.removeprefix('network.')}." for name in seen.unused)
    idle = {name.removeprefix("network.") for name in seen.idle}
    return idle | {name for name in network.state_dict() if name.startswith(modules)}
