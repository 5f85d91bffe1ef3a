"""fast-reid: ``backbone`` and ``heads``, and the pixels' mean and deviation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from reid_core.backbones.osnet import own_osnet_names
from reid_core.importing.names import is_osnet, osnet_name, resnet_name, taken, under
from reid_core.importing.translation import Translation

__all__ = ["FastReID"]

_NON_LOCAL = re.compile(r"^NL_(\d)\.(\d+)\.")
_CLASSIFIERS = ("heads.weight", "heads.classifier.")
_NECKS = ("heads.bottleneck.", "heads.bnneck.")


class FastReID:
    """He et al., "FastReID: A Pytorch Toolbox for General Instance Re-identification"."""

    def claims(self, weights: Mapping[str, Tensor]) -> bool:
        """Whether there are both a backbone and heads."""
        return any(name.startswith("heads.") for name in weights) and any(
            name.startswith("backbone.") for name in weights
        )

    def translate(self, weights: Mapping[str, Tensor]) -> Translation:
        """Its baselines, AGW among them; GeM with a fixed exponent is not told by the file."""
        backbone = under(weights, "backbone.")
        arguments: dict[str, Any] = {"pooling": "avg"}
        if is_osnet(backbone):
            backbone = own_osnet_names(backbone)
            name = osnet_name(backbone)
        else:
            name, arguments["options"] = resnet_name(backbone), _options(backbone)
            backbone = {_renamed(key): value for key, value in backbone.items()}
        head, head_arguments = _head(weights)
        used = ("backbone.", "heads.pool_layer.p", "pixel_", *_NECKS, *_CLASSIFIERS)
        return Translation(
            name,
            arguments | head_arguments,
            {**under(backbone, "", "backbone."), **head},
            heads=_classifier(weights),
            left_out=taken(weights, *used),
            mean=_pixels(weights, "pixel_mean"),
            std=_pixels(weights, "pixel_std"),
        )


def _renamed(name: str) -> str:
    return _NON_LOCAL.sub(lambda found: f"non_local.{int(found[1]) - 1}.{found[2]}.", name)


def _options(backbone: Mapping[str, Tensor]) -> dict[str, Any]:
    """The stem rounds its pooling up; non-local blocks compare places in so many channels."""
    options: dict[str, Any] = {"stem_pool": "ceil"}
    found = [match for match in map(_NON_LOCAL.match, backbone) if match is not None]
    if found:
        blocks = {(int(match[1]), int(match[2])) for match in found}
        options["non_local"] = [sum(stage == n for stage, _ in blocks) for n in range(1, 5)]
        theta = next(k for k in backbone if _NON_LOCAL.match(k) and k.endswith("theta.weight"))
        options["non_local_channels"] = len(backbone[theta])
    return options


def _head(weights: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Pooling, reduction and neck: by our names, and the arguments that build them."""
    head: dict[str, Tensor] = {}
    arguments: dict[str, Any] = {}
    if "heads.pool_layer.p" in weights:
        head["pooling.p"], arguments["pooling"] = weights["heads.pool_layer.p"], "gem"
    neck = under(weights, "heads.bnneck.") or under(weights, "heads.bottleneck.0.")
    if neck and neck["weight"].ndim == 4:
        arguments["embed_dim"] = len(neck["weight"])
        head |= {f"reduction.{k}": v.flatten(1) if v.ndim > 1 else v for k, v in neck.items()}
        neck = under(weights, "heads.bottleneck.1.")
    arguments["neck"] = "bn" if neck else "none"
    return {**head, **{f"neck.{key}": value for key, value in neck.items()}}, arguments


def _classifier(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    found = under(weights, "heads.classifier.", "classifier.")
    if "heads.weight" in weights:
        found["classifier.weight"] = weights["heads.weight"]
    return found


def _pixels(weights: Mapping[str, Tensor], name: str) -> tuple[float, float, float] | None:
    """fast-reid counts pixels from 0 to 255."""
    if name not in weights:
        return None
    red, green, blue = (weights[name].double().flatten() / 255).tolist()
    return red, green, blue
