"""centroids-reid: ``backbone.base``, ``bn``, ``fc_query`` and the centres of its loss."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from reid_core.importing.names import resnet_name, taken, under
from reid_core.importing.strong_baseline import stem_options
from reid_core.importing.translation import Translation

__all__ = ["Centroids"]


class Centroids:
    """Wieczorek et al., "On the Unreasonable Effectiveness of Centroids in Image Retrieval"."""

    def claims(self, weights: Mapping[str, Tensor]) -> bool:
        """Whether there is a ``backbone.base``."""
        return "backbone.base.conv1.weight" in weights

    def translate(self, weights: Mapping[str, Tensor]) -> Translation:
        """The network behind ``backbone.base`` and its neck."""
        base = under(weights, "backbone.base.")
        name = resnet_name(base)
        return Translation(
            name,
            {"options": stem_options(name)},
            {**under(base, "", "backbone."), **under(weights, "bn.", "neck.")},
            heads={
                **under(weights, "fc_query.", "classifier."),
                **under(weights, "center_loss.", "center."),
            },
            left_out=taken(weights, "backbone.base.", "bn.", "fc_query.", "center_loss."),
        )
