"""The two trunks of C2T-Net: one of tokens, one of stages, both from timm."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor, nn

from reid_core.backbones.backbone import IMAGENET_MEAN, IMAGENET_STD
from reid_core.backbones.weights import load_weights
from reid_core.registry import nearest

__all__ = ["Normalize", "StageTrunk", "TokenTrunk"]

Triple = tuple[float, float, float]


class Normalize(nn.Module):
    """``(images - mean) / std`` by channel, of images in [0, 1].

    Args:
        mean: of the RGB channels.
        std: of the RGB channels.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        for name, values in (("mean", mean), ("std", std)):
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Map ``(B, 3, H, W)`` to the same shape."""
        return (images - self.mean) / self.std


class TokenTrunk(nn.Module):
    """A transformer with a class token, such as EVA or any ViT of timm.

    Args:
        name: timm's.
        image_size: height and width.
        pretrained: fetch the published weights.
        weights: a local file of them.
        options: more arguments of the network.

    Raises:
        ValueError: timm has no such network, it has no class token, or the weights do not fit.
    """

    def __init__(
        self,
        name: str,
        *,
        image_size: tuple[int, int],
        pretrained: bool = False,
        weights: Path | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.network = _network(name, image_size, pretrained, weights, options)
        if getattr(self.network, "cls_token", None) is None:
            raise ValueError(f"{name} has no class token; take a ViT or an EVA of timm")
        # Nothing here uses what would follow pooling, and parameters without a gradient only cost.
        self.network.fc_norm = nn.Identity()
        self.width = int(self.network.num_features)  # type: ignore[arg-type]
        self.normalize = _normalization(self.network)
        self._prefix = int(self.network.num_prefix_tokens)  # type: ignore[arg-type]

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Class token ``(B, D)`` and patches ``(B, N, D)`` of images in [0, 1]."""
        tokens: Tensor = self.network.forward_features(self.normalize(images))  # type: ignore[operator]
        return tokens[:, 0], tokens[:, self._prefix :]


class StageTrunk(nn.Module):
    """A network of stages, each of which shrinks the map and then works on it: Swin or ConvNeXt.

    Args:
        name: timm's.
        image_size: height and width.
        before_stage: builds what a map (channels as tokens, N places) goes through before the
            blocks of a stage, after it was shrunk.
        pretrained: fetch the published weights.
        weights: a local file of them.
        options: more arguments of the network.

    Raises:
        ValueError: timm has no such network, it has no such stages, or the weights do not fit.
    """

    def __init__(
        self,
        name: str,
        *,
        image_size: tuple[int, int],
        before_stage: Callable[[int], nn.Module],
        pretrained: bool = False,
        weights: Path | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.network = _network(name, image_size, pretrained, weights, options)
        self._stem, self._stages = _parts(self.network, name)
        self._last = getattr(self.network, "output_fmt", None) == "NHWC"
        self.width = int(self.network.num_features)  # type: ignore[arg-type]
        self.normalize = _normalization(self.network)
        if self._stem == "stem":
            # ConvNeXt normalises behind its pooling; C2T-Net takes a map that is normalised.
            self.network.head = nn.Identity()
            self.norm: nn.Module = nn.LayerNorm(self.width)
        else:
            self.norm = nn.Identity()
        self.before = nn.ModuleList(before_stage(places) for places in self._places(image_size))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean of the last map ``(B, D)`` and its places ``(B, N, D)`` of images in [0, 1]."""
        features = self._walk(self.normalize(images))
        last = self.network.norm if self._stem == "patch_embed" else self.network.norm_pre
        features = last(features)  # type: ignore[operator]
        places: Tensor = self.norm(self._tokens(features))
        return places.mean(dim=1), places

    def _walk(self, features: Tensor, seen: list[int] | None = None) -> Tensor:
        features = getattr(self.network, self._stem)(features)
        for at, stage in enumerate(getattr(self.network, self._stages)):
            features = stage.downsample(features)
            if seen is None:
                features = self._among_channels(self.before[at], features)
            else:
                seen.append(self._tokens(features).shape[1])
            features = stage.blocks(features)
        return features

    def _tokens(self, features: Tensor) -> Tensor:
        return features.flatten(1, 2) if self._last else features.flatten(2).transpose(1, 2)

    def _among_channels(self, module: nn.Module, features: Tensor) -> Tensor:
        channels = self._tokens(features).transpose(1, 2)
        changed: Tensor = module(channels)
        if self._last:
            return changed.transpose(1, 2).reshape(features.shape)
        return changed.reshape(features.shape)

    @torch.no_grad()
    def _places(self, image_size: tuple[int, int]) -> list[int]:
        seen: list[int] = []
        mode = self.network.training
        self.network.eval()
        self._walk(torch.zeros(1, 3, *image_size), seen)
        self.network.train(mode)
        return seen


def _network(
    name: str,
    image_size: tuple[int, int],
    pretrained: bool,
    weights: Path | None,
    options: Mapping[str, Any] | None,
) -> nn.Module:
    plain = name.removeprefix("timm:")
    known = set(timm.list_models()) | set(timm.list_models(pretrained=True, include_tags=True))
    if plain not in known:
        hint = ", ".join(nearest(plain, sorted(known))) or "none alike"
        raise ValueError(f"timm has no network {plain!r}; nearest: {hint}")
    arguments: dict[str, Any] = {"num_classes": 0, **(options or {})}
    if not plain.startswith("convnext"):
        arguments.setdefault("img_size", image_size)
    try:
        network = timm.create_model(plain, pretrained=pretrained, **arguments)
    except (TypeError, AssertionError, RuntimeError, OSError, ValueError) as error:
        raise ValueError(f"timm does not build {plain} with {arguments}: {error}") from error
    if weights is not None:
        published: Any = network.pretrained_cfg
        classifier = published.get("classifier") or ()
        load_weights(
            network,
            weights,
            classifier=(classifier,) if isinstance(classifier, str) else tuple(classifier),
            may_lack={key for key in network.state_dict() if key.startswith("fc_norm.")},
            adapt=getattr(sys.modules[type(network).__module__], "checkpoint_filter_fn", None),
        )
    return network


def _parts(network: nn.Module, name: str) -> tuple[str, str]:
    for stem, stages in (("patch_embed", "layers"), ("stem", "stages")):
        found = getattr(network, stages, None)
        fits = hasattr(network, stem) and isinstance(found, nn.Sequential | nn.ModuleList)
        if fits and all(hasattr(s, "downsample") and hasattr(s, "blocks") for s in found or ()):
            return stem, stages
    raise ValueError(f"{name} has no stages of the kind needed; take a Swin or ConvNeXt of timm")


def _normalization(network: nn.Module) -> Normalize:
    published: Any = network.pretrained_cfg
    return Normalize(published.get("mean") or IMAGENET_MEAN, published.get("std") or IMAGENET_STD)
