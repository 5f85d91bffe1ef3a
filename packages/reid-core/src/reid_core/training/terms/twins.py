"""Low quality learns from high quality: an image and its copy shall mean the same to a network.

Each term compares the copies of a batch, which the loader degrades, with their originals: by a
teacher's features, by the student's own ones, or by what a classifier makes of both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Unpack

import torch
from pydantic import Field
from torch import Tensor, nn

from reid_core.losses import (
    KlMean,
    cosine_distillation_loss,
    kl_distillation_loss,
    mse_distillation_loss,
)
from reid_core.models import ReidOutput
from reid_core.training.terms.others import classifier_of
from reid_core.training.terms.teacher import Teacher
from reid_core.training.terms.term import FromLoop, Part, Term, term_registry
from reid_data import Batch

__all__ = ["TeachTwinsTerm", "TwinAgreementTerm", "TwinFeaturesTerm"]

_Kind = Literal["mse", "cosine"]


@term_registry.register("teach_twins")
class TeachTwinsTerm(Term):
    """Images and their copies of low quality like a teacher's view of the images.

    Sums over the chosen parts, and over originals and copies. Where the teacher has as many
    branches as are asked for, each teaches its own; otherwise its whole embedding teaches all.
    Where lengths differ, linear maps to the teacher's are learned beside.

    Args:
        teacher: its checkpoint folder.
        of: the model's first two branches (``both``), the ``whole`` output or one branch.
        kind: ``mse``: squared distance of unit vectors; ``cosine``: 1 - cos.
        loop: see `FromLoop`.

    Raises:
        ValueError: the folder is no checkpoint, or none is named.

    Source:
        The distillation of arXiv 2505.12580.
    """

    needs_twins = True
    needs_teacher = True

    def __init__(
        self,
        *,
        teacher: str | None = None,
        of: Literal["both", "whole", "f1", "f2"] = "both",
        kind: _Kind = "mse",
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(**loop)
        self.kind: _Kind = kind
        self.chosen: Sequence[Part] = ("f1", "f2") if of == "both" else (of,)
        sizes = [self.sizes(part)[0] for part in self.chosen]
        self.teacher = Teacher(teacher)
        known = len(getattr(self.teacher.model, "branch_sizes", ()))
        self.by_branch = of != "whole" and known >= 2
        target = self._target_sizes()
        self.maps = nn.ModuleList(
            nn.Identity() if a == b else nn.Linear(a, b, bias=False)
            for a, b in zip(sizes, target, strict=True)
        )

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:
        """Distance of both versions' embeddings (B, D) from the teacher's of the originals."""
        high, low = self.twins(batch)
        seen = self.teacher.describe(batch, high)
        values = []
        for part, mapped in zip(self.chosen, self.maps, strict=True):
            (found,) = self.parts(output, part)
            target = self._taught(seen, part)
            student = mapped(found.embedding)
            values += [_distance(student[rows], target, kind=self.kind) for rows in (high, low)]
        return torch.stack(values).sum()

    def _taught(self, seen: ReidOutput, part: Part) -> Tensor:
        if not self.by_branch:
            return seen.embedding
        return seen.branches[0 if part == "f1" else 1].embedding

    def _target_sizes(self) -> list[int]:
        if not self.by_branch:
            return [self.teacher.model.embedding_size] * len(self.chosen)
        sizes: Sequence[int] = self.teacher.model.branch_sizes  # type: ignore[assignment]
        return [sizes[0 if part == "f1" else 1] for part in self.chosen]


@term_registry.register("twin_features")
class TwinFeaturesTerm(Term):
    """Copies of low quality like their originals, in the student's own features.

    Sums over the chosen parts. With it a student learns without a teacher.

    Args:
        of: the model's first two branches (``both``), the ``whole`` output or one branch.
        kind: ``mse``: squared distance of unit vectors; ``cosine``: 1 - cos.
        detach: let only the copies learn; otherwise the originals move towards them, too.
        loop: see `FromLoop`.

    Source:
        The ablation without a teacher of arXiv 2505.12580.
    """

    needs_twins = True

    def __init__(
        self,
        *,
        of: Literal["both", "whole", "f1", "f2"] = "both",
        kind: _Kind = "mse",
        detach: bool = False,
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(**loop)
        self.kind: _Kind = kind
        self.detach = detach
        self.chosen: Sequence[Part] = ("f1", "f2") if of == "both" else (of,)
        for part in self.chosen:
            self.sizes(part)

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:
        """Distance of the copies' embeddings (B, D) from their originals'."""
        high, low = self.twins(batch)
        values = []
        for part in self.chosen:
            (found,) = self.parts(output, part)
            student, target = found.embedding[low], found.embedding[high]
            values.append(_distance(student, target, kind=self.kind, detach=self.detach))
        return torch.stack(values).sum()


@term_registry.register("twin_agreement")
class TwinAgreementTerm(Term):
    """A classifier's probabilities for copies of low quality are drawn to those of the originals.

    The images may be of people whom the classifier does not know: that it says the same of both is
    all that counts.

    Args:
        head: name of the term whose classifier looks at both; that of outfits stays as it is, and
            only features learn.
        detach: let only the copies learn; otherwise the originals move towards them, too.
        temperature: of both softmaxes.
        mean: over ``rows``, or over all ``entries`` of the logits.
        loop: see `FromLoop`.

    Source:
        The distillation of arXiv 2505.12580.
    """

    needs_twins = True

    def __init__(
        self,
        *,
        head: str,
        detach: bool = False,
        temperature: Annotated[float, Field(gt=0)] = 0.8,
        mean: KlMean = "entries",
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(**loop)
        self.head, self.detach, self.temperature = head, detach, temperature
        self.mean: KlMean = mean

    def meet(self, terms: Mapping[str, Term]) -> None:
        """Find the classifier.

        Raises:
            ValueError: there is no term of that name, or it has no classifier.
        """
        self.others = {"head": classifier_of(terms, self.head)}

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:
        """Divergence of the copies' probabilities from their originals'."""
        high, low = self.twins(batch)
        logits = self.others["head"].logits(output)
        return kl_distillation_loss(
            logits[low],
            logits[high],
            temperature=self.temperature,
            mean=self.mean,
            detach=self.detach,
        )


def _distance(student: Tensor, target: Tensor, *, kind: _Kind, detach: bool = True) -> Tensor:
    if kind == "cosine":
        return cosine_distillation_loss(student, target, detach=detach)
    return mse_distillation_loss(student, target, detach=detach)
