"""torchreid: OSNet and ResNet without a prefix, ``fc`` and ``classifier``."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from reid_core.backbones.osnet import own_osnet_names
from reid_core.importing.names import is_osnet, osnet_name, resnet_name, under
from reid_core.importing.translation import Translation

__all__ = ["Torchreid"]


class Torchreid:
    """Zhou and Xiang, "Torchreid: A Library for Deep Learning Person Re-Identification"."""

    def claims(self, weights: Mapping[str, Tensor]) -> bool:
        """Whether the stem stands at the top."""
        return is_osnet(weights) or "layer1.0.conv1.weight" in weights

    def translate(self, weights: Mapping[str, Tensor]) -> Translation:
        """OSNet, or a ResNet; with ``fc``, its linear map, normalisation and ReLU."""
        backbone = {k: v for k, v in weights.items() if not k.startswith(("fc.", "classifier."))}
        fc = under(weights, "fc.", "reduction.")
        if is_osnet(weights):
            backbone = own_osnet_names(backbone)
            name, last_stride = osnet_name(backbone), 1
        else:
            # Its resnet50 shrinks the last map, its resnet50_fc512 does not.
            name, last_stride = resnet_name(backbone), 1 if fc else 2
        arguments: dict[str, object] = {"last_stride": last_stride, "neck": "fc" if fc else "none"}
        if fc:
            arguments["embed_dim"] = len(weights["fc.0.weight"])
        heads = under(weights, "classifier.", "classifier.")
        return Translation(name, arguments, {**under(backbone, "", "backbone."), **fc}, heads)
