"""Triplet losses."""

from __future__ import annotations

from typing import Annotated, Unpack

from pydantic import Field
from torch import Tensor

from reid_core.losses import (
    CentroidForm,
    Metric,
    TripletAverage,
    all_triplets_loss,
    batch_hard_triplet_loss,
    centroid_triplet_loss,
    weighted_triplet_loss,
)
from reid_core.training.terms.pair_term import PairTerm
from reid_core.training.terms.term import FromLoop, Layer, Part, Shares, term_registry

__all__ = ["AllTripletsTerm", "CentroidTripletTerm", "TripletTerm", "WeightedTripletTerm"]

_Margin = Annotated[float, Field(ge=0)] | None


@term_registry.register("triplet")
class TripletTerm(PairTerm):
    """Batch-hard triplet loss, see [`batch_hard_triplet_loss`][reid_core.losses].

    Args:
        margin: by how much the nearest stranger must be farther than the farthest image of the
            same person; none: soft margin, log(1 + exp(x)).
        metric: distance between features.
        of: the ``whole`` output, or the mean over the model's ``branches`` or over its
            ``global_branches``, those that describe more than a part.
        layer: ``feature`` in front of the BNNeck, or ``embedding`` behind it.
        shares: factor of each branch, in place of the mean over them.
        loop: see `FromLoop`.

    Source:
        Hermans et al., "In Defense of the Triplet Loss for Person Re-Identification", 2017.
    """

    def __init__(
        self,
        *,
        margin: _Margin = 0.3,
        metric: Metric = "euclidean",
        of: Part = "whole",
        layer: Layer = "feature",
        shares: Shares = None,
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(of=of, layer=layer, shares=shares, **loop)
        self.margin = margin
        self.metric: Metric = metric

    def compare(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """Batch-hard triplet loss."""
        return batch_hard_triplet_loss(vectors, labels, margin=self.margin, metric=self.metric)


@term_registry.register("weighted_triplet")
class WeightedTripletTerm(PairTerm):
    """Weighted regularisation triplet of AGW, see [`weighted_triplet_loss`][reid_core.losses].

    Args:
        metric: distance between features.
        of: the ``whole`` output, or the mean over the model's ``branches`` or over its
            ``global_branches``, those that describe more than a part.
        layer: ``feature`` in front of the BNNeck, or ``embedding`` behind it.
        loop: see `FromLoop`.

    Source:
        Ye et al., "Deep Learning for Person Re-identification: A Survey and Outlook", TPAMI 2021.
    """

    def __init__(
        self,
        *,
        metric: Metric = "euclidean",
        of: Part = "whole",
        layer: Layer = "feature",
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(of=of, layer=layer, **loop)
        self.metric: Metric = metric

    def compare(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """Weighted triplet loss."""
        return weighted_triplet_loss(vectors, labels, metric=self.metric)


@term_registry.register("all_triplets")
class AllTripletsTerm(PairTerm):
    """Triplet loss on all triplets of a batch, see [`all_triplets_loss`][reid_core.losses].

    Args:
        margin: in units of the metric; none: soft margin.
        metric: distance between features.
        average: over ``all`` triplets or over ``active`` ones, those that are not 0 yet.
        of: the ``whole`` output, or the mean over the model's ``branches`` or over its
            ``global_branches``, those that describe more than a part.
        layer: ``feature`` in front of the BNNeck, or ``embedding`` behind it.
        loop: see `FromLoop`.

    Source:
        Hermans et al., "In Defense of the Triplet Loss for Person Re-Identification", 2017, eq. 6.
    """

    def __init__(
        self,
        *,
        margin: _Margin = 0.3,
        metric: Metric = "euclidean",
        average: TripletAverage = "active",
        of: Part = "whole",
        layer: Layer = "feature",
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(of=of, layer=layer, **loop)
        self.margin = margin
        self.metric: Metric = metric
        self.average: TripletAverage = average

    def compare(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """Triplet loss on all triplets."""
        return all_triplets_loss(
            vectors, labels, margin=self.margin, metric=self.metric, average=self.average
        )


@term_registry.register("centroid_triplet")
class CentroidTripletTerm(PairTerm):
    """Images against leave-one-out centroids, see [`centroid_triplet_loss`][reid_core.losses].

    Args:
        margin: none: soft margin.
        form: as the ``paper`` writes it, or as its ``published`` code computes it.
        of: the ``whole`` output, or the mean over the model's ``branches`` or over its
            ``global_branches``, those that describe more than a part.
        layer: ``feature`` in front of the BNNeck, or ``embedding`` behind it.
        loop: see `FromLoop`.

    Source:
        Wieczorek et al., "On the Unreasonable Effectiveness of Centroids in Image Retrieval",
        ICONIP 2021.
    """

    def __init__(
        self,
        *,
        margin: _Margin = 0.5,
        form: CentroidForm = "paper",
        of: Part = "whole",
        layer: Layer = "feature",
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(of=of, layer=layer, **loop)
        self.margin = margin
        self.form: CentroidForm = form

    def compare(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """Centroid triplet loss."""
        return centroid_triplet_loss(vectors, labels, margin=self.margin, form=self.form)
