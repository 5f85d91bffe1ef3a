"""``video-3d``: a ResNet that convolves over time as well, with non-local blocks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Self

import torch
from torch import Tensor, nn

from reid_core.backbones import Backbone
from reid_core.models.kinds.agw import NON_LOCAL
from reid_core.models.kinds.registry import ModelSpec, kind_registry
from reid_core.models.pooling import Pooling
from reid_core.models.reid_model import ReidModel, ReidOutput

__all__ = ["VideoResNet", "build_video_3d", "inflate"]

_FLAT = ((nn.BatchNorm2d, nn.BatchNorm3d), (nn.InstanceNorm2d, nn.InstanceNorm3d))


class VideoResNet(ReidModel):
    """Describes a clip by convolutions over space and time.

    Args:
        backbone: an inflated one, clips (B, 3, T, H, W) to maps (B, C, T, H', W').
        pooling: over places and frames alike.
        spec: what it was asked for.

    Source:
        Wang et al., "Non-local Neural Networks", CVPR 2018, table 1, I3D with 3x1x1 kernels.
    """

    takes_clips = True

    def __init__(self, backbone: Backbone, pooling: Pooling, *, spec: ModelSpec) -> None:
        head = spec.head(pooling.output_size)
        preprocessing = spec.preprocessing(backbone)
        super().__init__(head.output_size, preprocessing, architecture=spec.architecture)
        self.backbone = backbone
        self.pooling = pooling
        self.reduction = head.reduction
        self.neck = head.neck

    def forward(self, images: Tensor) -> ReidOutput:
        """Describe normalised float clips (B, T, 3, H, W)."""
        self.check(images)
        found = self.backbone(images.transpose(1, 2))
        feature = self.reduction(self.pooling(found.flatten(2, 3)))
        return ReidOutput(feature, self.neck(feature))

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        # torch orders weights of 3-D convolutions by ``channels_last_3d`` alone and refuses
        # ``channels_last``; with time beside the channels they follow it as all others do.
        itself: Self = super()._apply(partial(_as_of_images, fn), recurse)  # type: ignore[no-untyped-call]
        return itself


def _as_of_images(change: Callable[[Tensor], Tensor], weights: Tensor) -> Tensor:
    if weights.ndim != 5:
        return change(weights)
    changed = change(weights.flatten(1, 2))
    return changed.reshape(*weights.shape[:3], *changed.shape[2:])


def inflate(network: nn.Module) -> None:
    """Let a network of images see clips, in place; at first it sees each frame by itself.

    Convolutions named ``conv1`` in every other block of a stage look one frame back and ahead,
    with weights that start at 0 there; all others keep to their frame. Time is never shrunk.

    Examples:
        >>> network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1))
        >>> inflate(network)
        >>> network(torch.zeros(1, 3, 5, 8, 4)).shape
        torch.Size([1, 4, 5, 8, 4])
    """
    for name, module in list(network.named_modules()):
        inflated = _inflated(name, module)
        if inflated is not None:
            network.set_submodule(name, inflated)


def _inflated(name: str, module: nn.Module) -> nn.Module | None:
    if isinstance(module, nn.Conv2d):
        return _convolution(module, sight=3 if _looks_around(name) else 1)
    if isinstance(module, nn.MaxPool2d):
        return _pooling(module)
    for flat, deep in _FLAT:
        if isinstance(module, flat):
            found = deep(module.num_features, eps=module.eps, affine=module.affine)
            found.load_state_dict(module.state_dict())
            return found
    return None


def _looks_around(name: str) -> bool:
    parts = name.split(".")
    inside = len(parts) == 3 and parts[0].startswith("layer") and parts[2] == "conv1"
    return inside and int(parts[1]) % 2 == 0


def _pooling(flat: Any) -> nn.MaxPool3d:
    side, stride, padding = flat.kernel_size, flat.stride, flat.padding
    return nn.MaxPool3d(
        (1, side, side), (1, stride, stride), (0, padding, padding), ceil_mode=flat.ceil_mode
    )


def _convolution(flat: Any, *, sight: int) -> nn.Conv3d:
    deep = nn.Conv3d(
        flat.in_channels,
        flat.out_channels,
        (sight, *flat.kernel_size),
        stride=(1, *flat.stride),
        padding=(sight // 2, *flat.padding),
        groups=flat.groups,
        bias=flat.bias is not None,
    )
    with torch.no_grad():
        deep.weight.zero_()
        deep.weight[:, :, sight // 2] = flat.weight
        if flat.bias is not None and deep.bias is not None:
            deep.bias.copy_(flat.bias)
    return deep


@kind_registry.register("video-3d")
def build_video_3d(spec: ModelSpec) -> VideoResNet:
    """A ResNet of ours, inflated, with the non-local blocks of ``agw``."""
    depth = spec.name.removeprefix("reid:resnet").partition("_")[0]
    added = {} if "non_local" in spec.options else {"non_local": NON_LOCAL.get(depth, (0, 2, 3, 0))}
    backbone = spec.resnet("video-3d", **added)
    pooling = spec.pool(backbone.num_features)
    inflate(backbone)
    return VideoResNet(backbone, pooling, spec=spec)
