"""Softmax over the training identities, with classifiers that compare directions."""

from __future__ import annotations

import math
from typing import Annotated, Unpack

from pydantic import Field
from torch import Tensor

from reid_core.losses import (
    ArcFaceHead,
    CircleHead,
    CosFaceHead,
    CosineHead,
    SubCenterHead,
    label_smoothed_cross_entropy_loss,
)
from reid_core.models import ReidOutput
from reid_core.training.terms.term import FromLoop, Term, term_registry
from reid_data import Batch

__all__ = [
    "ArcFaceTerm",
    "CircleSoftmaxTerm",
    "CosFaceTerm",
    "CosineSoftmaxTerm",
    "SubCenterTerm",
]

_Smoothing = Annotated[float, Field(ge=0, lt=1)]
_Scale = Annotated[float, Field(gt=0)]
_Margin = Annotated[float, Field(ge=0)]
_Angle = Annotated[float, Field(ge=0, lt=math.pi)]


class _MarginTerm(Term):
    """Cross entropy behind a head that is told the labels.

    A subclass sets ``classifier``.
    """

    per_identity = True
    classifier: CosineHead

    def __init__(self, *, smoothing: float, **loop: Unpack[FromLoop]) -> None:
        super().__init__(**loop)
        self.smoothing = smoothing

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:
        """Cross entropy of ``output.embedding`` (B, D), averaged over the batch."""
        labels = self.labels(batch)
        logits = self.classifier(output.embedding, labels)
        return label_smoothed_cross_entropy_loss(logits, labels, smoothing=self.smoothing)


@term_registry.register("cosine_softmax")
class CosineSoftmaxTerm(_MarginTerm):
    """Softmax over scaled cosines, see [`CosineHead`][reid_core.losses].

    Args:
        scale: of the cosines.
        smoothing: share of the target spread evenly over all classes.
        loop: see `FromLoop`.
    """

    def __init__(
        self, *, scale: _Scale = 16.0, smoothing: _Smoothing = 0.0, **loop: Unpack[FromLoop]
    ) -> None:
        super().__init__(smoothing=smoothing, **loop)
        self.classifier = CosineHead(self.embedding_size, self.num_classes, scale=scale)


@term_registry.register("arcface")
class ArcFaceTerm(_MarginTerm):
    """A margin on the angle to the own class, see [`arcface_logits`][reid_core.losses].

    Args:
        margin: in radians.
        scale: of the cosines.
        smoothing: share of the target spread evenly over all classes.
        loop: see `FromLoop`.
    """

    def __init__(
        self,
        *,
        margin: _Angle = 0.5,
        scale: _Scale = 64.0,
        smoothing: _Smoothing = 0.0,
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(smoothing=smoothing, **loop)
        self.classifier = ArcFaceHead(
            self.embedding_size, self.num_classes, margin=margin, scale=scale
        )


@term_registry.register("cosface")
class CosFaceTerm(_MarginTerm):
    """A margin on the cosine to the own class, see [`cosface_logits`][reid_core.losses].

    Args:
        margin: taken from the own cosine.
        scale: of the cosines.
        smoothing: share of the target spread evenly over all classes.
        loop: see `FromLoop`.
    """

    def __init__(
        self,
        *,
        margin: _Margin = 0.35,
        scale: _Scale = 64.0,
        smoothing: _Smoothing = 0.0,
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(smoothing=smoothing, **loop)
        self.classifier = CosFaceHead(
            self.embedding_size, self.num_classes, margin=margin, scale=scale
        )


@term_registry.register("circle_softmax")
class CircleSoftmaxTerm(_MarginTerm):
    """Circle loss against classes, see [`circle_logits`][reid_core.losses].

    Args:
        margin: the relaxation.
        scale: of the weighted cosines.
        smoothing: share of the target spread evenly over all classes.
        loop: see `FromLoop`.
    """

    def __init__(
        self,
        *,
        margin: _Margin = 0.25,
        scale: _Scale = 128.0,
        smoothing: _Smoothing = 0.0,
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(smoothing=smoothing, **loop)
        self.classifier = CircleHead(
            self.embedding_size, self.num_classes, margin=margin, scale=scale
        )


@term_registry.register("sub_center")
class SubCenterTerm(_MarginTerm):
    """ArcFace with several centers a class, see [`SubCenterHead`][reid_core.losses].

    Args:
        centers: of each class.
        margin: in radians.
        scale: of the cosines.
        smoothing: share of the target spread evenly over all classes.
        loop: see `FromLoop`.
    """

    def __init__(
        self,
        *,
        centers: Annotated[int, Field(ge=1)] = 3,
        margin: _Angle = 0.5,
        scale: _Scale = 64.0,
        smoothing: _Smoothing = 0.0,
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(smoothing=smoothing, **loop)
        self.classifier = SubCenterHead(
            self.embedding_size, self.num_classes, centers=centers, margin=margin, scale=scale
        )
