"""A classifier of outfits, and features that it cannot use to tell a person's outfits apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Unpack

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from reid_core.losses import class_cosines, clothes_adversarial_loss
from reid_core.models import ReidOutput
from reid_core.training.loop.optimizers import build_optimizer
from reid_core.training.terms.others import other
from reid_core.training.terms.term import FromLoop, OnePart, Term, term_registry
from reid_data import Batch

__all__ = ["ClothesAdversarialTerm", "ClothesTerm"]

_Positive = Annotated[float, Field(gt=0)]
_TARGET = "clothes"


@term_registry.register("clothes")
class ClothesTerm(Term):
    """A classifier of outfits by scaled cosines, which learns from features and teaches them not.

    Its optimiser is its own: Adam at a rate that no schedule changes. Images whose outfit is
    unknown are left out.

    Args:
        of: the ``whole`` output or one of the model's branches.
        scale: of the cosines.
        lr: learning rate of the classifier.
        weight_decay: L2 decay of the classifier.
        loop: see `FromLoop`.

    Source:
        Gu et al., "Clothes-Changing Person Re-identification with RGB Modality Only", CVPR 2022,
        eq. 4.
    """

    per_identity = True
    needs_targets = (_TARGET,)

    def __init__(
        self,
        *,
        of: OnePart = "whole",
        scale: _Positive = 16.0,
        lr: _Positive = 3.5e-4,
        weight_decay: Annotated[float, Field(ge=0)] = 5e-4,
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(**loop)
        self.of: OnePart = of
        self.scale, self.lr, self.weight_decay = scale, lr, weight_decay
        (size,) = self.sizes(of)
        self.outfits = nn.Parameter(torch.empty(self.target_of(_TARGET).classes, size))
        nn.init.xavier_uniform_(self.outfits)

    def logits(self, output: ReidOutput) -> Tensor:
        """Logits (B, C) of the outfits, for terms that teach features: the classifier is fixed."""
        (part,) = self.parts(output, self.of)
        return self.scale * class_cosines(part.embedding, self.outfits.detach())

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:
        """Cross entropy, averaged over the images whose outfit is known; 0 where none is."""
        labels = self.target_labels(batch, _TARGET)
        (part,) = self.parts(output, self.of)
        logits = self.scale * class_cosines(part.embedding.detach(), self.outfits)
        total = F.cross_entropy(logits, labels, ignore_index=-1, reduction="sum")
        return total / (labels >= 0).sum().clamp(min=1)

    def own_optimizer(self) -> torch.optim.Optimizer:
        """Adam, untouched by the schedule."""
        weights = {"outfits": self.outfits}
        return build_optimizer(weights, lr=self.lr, weight_decay=self.weight_decay)


@term_registry.register("clothes_adversarial")
class ClothesAdversarialTerm(Term):
    """CAL: a person's outfits look alike, see [`clothes_adversarial_loss`][reid_core.losses].

    It teaches the network alone; the classifier of outfits is that of another term, as it was after
    its last step. Images whose outfit is unknown are left out.

    Args:
        clothes: name of that term.
        epsilon: weight that is shared by all outfits of the person.
        loop: see `FromLoop`.

    Source:
        Gu et al., "Clothes-Changing Person Re-identification with RGB Modality Only", CVPR 2022.
    """

    per_identity = True
    needs_targets = (_TARGET,)
    people: Tensor

    def __init__(
        self,
        *,
        clothes: str = _TARGET,
        epsilon: Annotated[float, Field(ge=0, le=1)] = 0.1,
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(**loop)
        self.clothes, self.epsilon = clothes, epsilon
        self.register_buffer(
            "people", torch.tensor(self.target_of(_TARGET).people), persistent=False
        )

    def meet(self, terms: Mapping[str, Term]) -> None:
        """Find the classifier of outfits.

        Raises:
            ValueError: no term of that name classifies outfits.
        """
        self.others = {"clothes": other(terms, self.clothes, kind=ClothesTerm)}

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:
        """Loss of the images whose outfit is known; 0 where none is."""
        clothes, people = self.target_labels(batch, _TARGET), self.labels(batch)
        logits = self.others["clothes"].logits(output)
        known = clothes >= 0
        if not known.any():
            return logits.sum() * 0
        positives = self.people == people[known, None]
        return clothes_adversarial_loss(
            logits[known], clothes[known], positives, epsilon=self.epsilon
        )
