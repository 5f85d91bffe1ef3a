"""Which network of ours has weights of these names and shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

from reid_core.backbones.osnet import OSNET_WIDTHS
from reid_core.backbones.resnet import DEPTHS

__all__ = ["is_osnet", "osnet_name", "resnet_name", "taken", "under"]

_BLOCK = re.compile(r"layer3\.(\d+)\.conv1\.weight")


def is_osnet(weights: Mapping[str, Tensor]) -> bool:
    """Whether the stem is OSNet's."""
    return "conv1.conv.weight" in weights


def osnet_name(weights: Mapping[str, Tensor]) -> str:
    """``reid:osnet_x1_0`` and so on, of weights by our names.

    Raises:
        ValueError: no OSNet of ours is as wide.
    """
    stem = weights["conv1.conv.weight"].shape[0]
    width = next((name for name, widths in OSNET_WIDTHS.items() if widths[0] == stem), None)
    if width is None:
        raise ValueError(f"an OSNet whose stem has {stem} channels is none of {list(OSNET_WIDTHS)}")
    if "conv1.bn.running_mean" in weights:
        return f"reid:osnet_{width}"
    inside = "conv2.0.conv3.bn.weight" not in weights
    return f"reid:osnet_{'ain' if inside else 'ibn'}_{width}"


def resnet_name(weights: Mapping[str, Tensor]) -> str:
    """``reid:resnet50`` and so on, of weights by torchvision's names.

    Raises:
        ValueError: no ResNet of ours has these blocks.
    """
    blocks = len([name for name in weights if _BLOCK.fullmatch(name)])
    bottleneck = "layer1.0.conv3.weight" in weights
    depth = next((d for d, (b, c) in DEPTHS.items() if (b, c[2]) == (bottleneck, blocks)), None)
    strange = any(".se." in name for name in weights) or "layer1.0.conv1.weight" not in weights
    if depth is None or strange:
        raise ValueError(
            "its backbone is neither a ResNet (18 to 152, plain or IBN-a) nor an OSNet; "
            f"it begins with {', '.join(list(weights)[:3])}"
        )
    return f"reid:resnet{depth}" + ("_ibn_a" if "layer1.0.bn1.IN.weight" in weights else "")


def under(weights: Mapping[str, Tensor], prefix: str, new: str = "") -> dict[str, Tensor]:
    """Weights whose names begin with ``prefix``, which ``new`` replaces.

    Examples:
        >>> list(under({"base.conv1.weight": Tensor(), "fc.bias": Tensor()}, "base."))
        ['conv1.weight']
    """
    size = len(prefix)
    return {new + k[size:]: value for k, value in weights.items() if k.startswith(prefix)}


def taken(weights: Mapping[str, Tensor], *prefixes: str) -> tuple[str, ...]:
    """Names that begin with none of the prefixes."""
    return tuple(name for name in weights if not name.startswith(prefixes))
