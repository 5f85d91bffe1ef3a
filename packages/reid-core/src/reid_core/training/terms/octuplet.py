"""Triplets within and across two resolutions."""

from __future__ import annotations

from typing import Annotated, Unpack

from pydantic import Field
from torch import Tensor

from reid_core.losses import Metric, OctupletLoss, OctupletPart
from reid_core.losses.octuplet import ALL_OCTUPLET_PARTS
from reid_core.models import ReidOutput
from reid_core.training.terms.term import FromLoop, Layer, Term, term_registry
from reid_data import Batch

__all__ = ["OctupletTerm"]


@term_registry.register("octuplet")
class OctupletTerm(Term):
    """Originals and their low-resolution twins, see [`octuplet_loss`][reid_core.losses].

    Args:
        margin: in units of the metric; none: soft margin.
        metric: distance between features.
        parts: which of ``hhh``, ``hll``, ``lhh`` and ``lll`` to sum up.
        own_twin: whether an image's own twin is one of its positives.
        layer: ``feature`` in front of the BNNeck, or ``embedding`` behind it.
        loop: see `FromLoop`.

    Source:
        Knoche et al., "Octuplet Loss: Make Face Recognition Robust to Image Resolution", FG 2023.
    """

    gathers = True
    needs_twins = True

    def __init__(
        self,
        *,
        margin: Annotated[float, Field(ge=0)] | None = 0.5,
        metric: Metric = "euclidean",
        parts: tuple[OctupletPart, ...] = ALL_OCTUPLET_PARTS,
        own_twin: bool = False,
        layer: Layer = "feature",
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(**loop)
        self.layer: Layer = layer
        self.loss = OctupletLoss(margin=margin, metric=metric, parts=parts, own_twin=own_twin)

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:
        """Octuplet loss of a batch that holds every image twice."""
        high, low = self.twins(batch)
        vectors = getattr(output, self.layer)
        value: Tensor = self.loss(vectors[high], vectors[low], self.labels(batch)[high])
        return value
