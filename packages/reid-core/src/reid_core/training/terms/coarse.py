"""Softmax over what many people have in common: gender, and the cluster of a pose."""

from __future__ import annotations

from typing import Annotated, Unpack

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from reid_core.models import ReidOutput
from reid_core.training.terms.term import FromLoop, OnePart, Term, term_registry
from reid_data import Batch

__all__ = ["CoarseTerm", "GenderTerm", "PoseTerm"]

_Smoothing = Annotated[float, Field(ge=0, lt=1)]


class CoarseTerm(Term):
    """Softmax over coarse labels, on the embedding behind the BNNeck.

    The classifier has a bias, for such classes are of very different sizes. Images whose label is
    unknown are left out.

    Args:
        of: the ``whole`` output or one of the model's branches.
        smoothing: share of the target spread evenly over all classes.
        loop: see `FromLoop`.
    """

    target: str = ""

    def __init__(self, *, of: OnePart, smoothing: float, **loop: Unpack[FromLoop]) -> None:
        super().__init__(**loop)
        self.of: OnePart = of
        self.smoothing = smoothing
        (size,) = self.sizes(of)
        self.classifier = nn.Linear(size, self.target_of(self.target).classes)
        nn.init.normal_(self.classifier.weight, std=0.001)
        nn.init.zeros_(self.classifier.bias)

    def logits(self, output: ReidOutput) -> Tensor:
        """Logits (B, C) of the classes."""
        (part,) = self.parts(output, self.of)
        result: Tensor = self.classifier(part.embedding)
        return result

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:
        """Cross entropy, averaged over the images whose label is known; 0 where none is."""
        labels = self.target_labels(batch, self.target)
        total = F.cross_entropy(
            self.logits(output),
            labels,
            ignore_index=-1,
            label_smoothing=self.smoothing,
            reduction="sum",
        )
        return total / (labels >= 0).sum().clamp(min=1)


@term_registry.register("gender")
class GenderTerm(CoarseTerm):
    """Softmax over two genders.

    Args:
        of: the ``whole`` output or one of the model's branches.
        smoothing: share of the target spread evenly.
        loop: see `FromLoop`.

    Source:
        The coarse-grained attributes of arXiv 2505.12580.
    """

    target = "gender"
    needs_targets = ("gender",)

    def __init__(
        self, *, of: OnePart = "whole", smoothing: _Smoothing = 0.1, **loop: Unpack[FromLoop]
    ) -> None:
        super().__init__(of=of, smoothing=smoothing, **loop)


@term_registry.register("pose")
class PoseTerm(CoarseTerm):
    """Softmax over clusters of poses.

    Args:
        of: the ``whole`` output or one of the model's branches.
        smoothing: share of the target spread evenly over all clusters.
        loop: see `FromLoop`.

    Source:
        The coarse-grained attributes of arXiv 2505.12580; its code makes a class of the images
        without a pose, here they are left out.
    """

    target = "pose"
    needs_targets = ("pose",)

    def __init__(
        self, *, of: OnePart = "whole", smoothing: _Smoothing = 0.1, **loop: Unpack[FromLoop]
    ) -> None:
        super().__init__(of=of, smoothing=smoothing, **loop)
