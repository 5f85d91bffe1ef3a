"""reid-strong-baseline: ``base``, ``bottleneck``, ``classifier``."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from reid_core.importing.names import resnet_name, taken, under
from reid_core.importing.translation import Translation

__all__ = ["StrongBaseline", "stem_options"]


def stem_options(name: str) -> dict[str, bool]:
    """The plain ResNet of this code has no ReLU in its stem, the one with IBN-a has."""
    return {} if name.endswith("_ibn_a") else {"stem_relu": False}


class StrongBaseline:
    """Luo et al., "Bag of Tricks and a Strong Baseline", and the many who began with its code."""

    def claims(self, weights: Mapping[str, Tensor]) -> bool:
        """Whether there is a ``base``."""
        return "base.conv1.weight" in weights

    def translate(self, weights: Mapping[str, Tensor]) -> Translation:
        """The network behind ``base``, with its neck if it was trained with one."""
        base = under(weights, "base.")
        name = resnet_name(base)
        neck = under(weights, "bottleneck.", "neck.")
        return Translation(
            name,
            {"options": stem_options(name), "neck": "bn" if neck else "none"},
            {**under(base, "", "backbone."), **neck},
            heads=under(weights, "classifier.", "classifier."),
            left_out=taken(weights, "base.", "bottleneck.", "classifier."),
        )
