"""Losses on the similarities of a batch's pairs."""

from __future__ import annotations

from typing import Annotated, Unpack

from pydantic import Field
from torch import Tensor

from reid_core.losses import (
    Metric,
    circle_loss,
    contrastive_loss,
    multi_similarity_loss,
    smooth_ap_loss,
    supervised_contrastive_loss,
    variance_loss,
)
from reid_core.training.terms.pair_term import PairTerm
from reid_core.training.terms.term import FromLoop, Layer, Part, term_registry

__all__ = [
    "CircleTerm",
    "ContrastiveTerm",
    "MultiSimilarityTerm",
    "SmoothAPTerm",
    "SupervisedContrastiveTerm",
    "VarianceTerm",
]

_Positive = Annotated[float, Field(gt=0)]
_NotNegative = Annotated[float, Field(ge=0)]


@term_registry.register("circle")
class CircleTerm(PairTerm):
    """Circle loss on pairs, see [`circle_loss`][reid_core.losses].

    Args:
        margin: the relaxation.
        scale: factor of the weighted similarities.
        of: the ``whole`` output, or the mean over the model's ``branches`` or over its
            ``global_branches``, those that describe more than a part.
        layer: ``feature`` in front of the BNNeck, or ``embedding`` behind it.
        loop: see `FromLoop`.
    """

    def __init__(
        self,
        *,
        margin: _NotNegative = 0.25,
        scale: _Positive = 128.0,
        of: Part = "whole",
        layer: Layer = "feature",
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(of=of, layer=layer, **loop)
        self.margin, self.scale = margin, scale

    def compare(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """Circle loss."""
        return circle_loss(vectors, labels, margin=self.margin, scale=self.scale)


@term_registry.register("contrastive")
class ContrastiveTerm(PairTerm):
    """Contrastive loss on pairs, see [`contrastive_loss`][reid_core.losses].

    Args:
        margin: distance at which strangers are left alone.
        positive_margin: distance at which images of one person are.
        metric: distance between features.
        squared: squares, as in the source.
        of: the ``whole`` output, or the mean over the model's ``branches`` or over its
            ``global_branches``, those that describe more than a part.
        layer: ``feature`` in front of the BNNeck, or ``embedding`` behind it.
        loop: see `FromLoop`.
    """

    def __init__(
        self,
        *,
        margin: _Positive = 1.0,
        positive_margin: _NotNegative = 0.0,
        metric: Metric = "euclidean",
        squared: bool = True,
        of: Part = "whole",
        layer: Layer = "feature",
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(of=of, layer=layer, **loop)
        self.margin, self.positive_margin = margin, positive_margin
        self.metric: Metric = metric
        self.squared = squared

    def compare(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """Contrastive loss."""
        return contrastive_loss(
            vectors,
            labels,
            margin=self.margin,
            positive_margin=self.positive_margin,
            metric=self.metric,
            squared=self.squared,
        )


@term_registry.register("supervised_contrastive")
class SupervisedContrastiveTerm(PairTerm):
    """Softmax over similarities, see [`supervised_contrastive_loss`][reid_core.losses].

    Args:
        temperature: of the softmax.
        of: the ``whole`` output, or the mean over the model's ``branches`` or over its
            ``global_branches``, those that describe more than a part.
        layer: ``feature`` in front of the BNNeck, or ``embedding`` behind it.
        loop: see `FromLoop`.
    """

    def __init__(
        self,
        *,
        temperature: _Positive = 0.1,
        of: Part = "whole",
        layer: Layer = "feature",
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(of=of, layer=layer, **loop)
        self.temperature = temperature

    def compare(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """Supervised contrastive loss."""
        return supervised_contrastive_loss(vectors, labels, temperature=self.temperature)


@term_registry.register("multi_similarity")
class MultiSimilarityTerm(PairTerm):
    """Mined similarities under soft maxima, see [`multi_similarity_loss`][reid_core.losses].

    Args:
        alpha: sharpness among images of one person.
        beta: sharpness among strangers.
        base: similarity between near and far.
        epsilon: slack of the mining; none: all pairs.
        of: the ``whole`` output, or the mean over the model's ``branches`` or over its
            ``global_branches``, those that describe more than a part.
        layer: ``feature`` in front of the BNNeck, or ``embedding`` behind it.
        loop: see `FromLoop`.
    """

    def __init__(
        self,
        *,
        alpha: _Positive = 2.0,
        beta: _Positive = 50.0,
        base: float = 1.0,
        epsilon: _NotNegative | None = 0.1,
        of: Part = "whole",
        layer: Layer = "feature",
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(of=of, layer=layer, **loop)
        self.alpha, self.beta = alpha, beta
        self.base, self.epsilon = base, epsilon

    def compare(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """Multi-similarity loss."""
        return multi_similarity_loss(
            vectors, labels, alpha=self.alpha, beta=self.beta, base=self.base, epsilon=self.epsilon
        )


@term_registry.register("smooth_ap")
class SmoothAPTerm(PairTerm):
    """Average precision made differentiable, see [`smooth_ap_loss`][reid_core.losses].

    Args:
        temperature: of the softened ranks.
        count_query: have each query retrieve itself too.
        of: the ``whole`` output, or the mean over the model's ``branches`` or over its
            ``global_branches``, those that describe more than a part.
        layer: ``feature`` in front of the BNNeck, or ``embedding`` behind it.
        loop: see `FromLoop`.
    """

    def __init__(
        self,
        *,
        temperature: _Positive = 0.01,
        count_query: bool = False,
        of: Part = "whole",
        layer: Layer = "feature",
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(of=of, layer=layer, **loop)
        self.temperature = temperature
        self.count_query = count_query

    def compare(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """SmoothAP loss."""
        return smooth_ap_loss(
            vectors, labels, temperature=self.temperature, count_query=self.count_query
        )


@term_registry.register("variance")
class VarianceTerm(PairTerm):
    """Variance within identities, see [`variance_loss`][reid_core.losses].

    Args:
        of: the ``whole`` output, or the mean over the model's ``branches`` or over its
            ``global_branches``, those that describe more than a part.
        layer: ``feature`` in front of the BNNeck, or ``embedding`` behind it.
        loop: see `FromLoop`.
    """

    def __init__(
        self, *, of: Part = "whole", layer: Layer = "feature", **loop: Unpack[FromLoop]
    ) -> None:
        super().__init__(of=of, layer=layer, **loop)

    def compare(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """Variance loss."""
        return variance_loss(vectors, labels)
