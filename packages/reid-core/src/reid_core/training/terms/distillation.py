"""Learning from a trained model."""

from __future__ import annotations

from typing import Annotated, Literal, Unpack

from pydantic import Field
from torch import Tensor, nn

from reid_core.losses import (
    IdentityHead,
    KlMean,
    cosine_distillation_loss,
    kl_distillation_loss,
    mse_distillation_loss,
)
from reid_core.models import ReidOutput, load_heads
from reid_core.training.terms.teacher import Teacher
from reid_core.training.terms.term import FromLoop, Term, term_registry
from reid_data import Batch

__all__ = ["DistillLogitsTerm", "DistillTerm"]


@term_registry.register("distill")
class DistillTerm(Term):
    """Embeddings like those of a teacher.

    Where the teacher's embedding has another length, a linear map to it is learned beside. Images
    are resized to the teacher's size and normalised as its weights expect.

    Args:
        teacher: its checkpoint folder; a recipe leaves it to the user to name one.
        kind: ``cosine``: 1 - cos; ``mse``: squared distance of unit vectors.
        loop: see `FromLoop`.

    Raises:
        ValueError: there is no folder, or it is no checkpoint.

    Source:
        See [`cosine_distillation_loss`][reid_core.losses] and
        [`mse_distillation_loss`][reid_core.losses].
    """

    needs_teacher = True

    def __init__(
        self,
        *,
        teacher: str | None = None,
        kind: Literal["cosine", "mse"] = "cosine",
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(**loop)
        self.kind = kind
        self.teacher = Teacher(teacher)
        size = self.teacher.model.embedding_size
        same = size == self.embedding_size
        self.map = nn.Identity() if same else nn.Linear(self.embedding_size, size, bias=False)

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:
        """Distance of ``output.embedding`` (B, D) from the teacher's."""
        student, teacher = self.map(output.embedding), self.teacher.embeddings(batch)
        if self.kind == "cosine":
            return cosine_distillation_loss(student, teacher)
        return mse_distillation_loss(student, teacher)


@term_registry.register("distill_logits")
class DistillLogitsTerm(Term):
    """Probabilities like those of a teacher with its classifier, over the teacher's identities.

    The student has a classifier of its own for them, so that both may know different people.

    Args:
        teacher: its checkpoint folder, saved with heads; a recipe leaves it to the
            user to name one.
        head: name of its classifier's weight (C, D) among them.
        temperature: of both softmaxes.
        mean: over ``rows``, or over all ``entries`` of the logits.
        loop: see `FromLoop`.

    Raises:
        ValueError: there is no folder, it is no checkpoint, or it has no such head.

    Source:
        Hinton et al., "Distilling the Knowledge in a Neural Network", 2015.
    """

    needs_teacher = True
    teacher_head: Tensor

    def __init__(
        self,
        *,
        teacher: str | None = None,
        head: str = "cross_entropy.classifier.weight",
        temperature: Annotated[float, Field(gt=0)] = 4.0,
        mean: KlMean = "rows",
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(**loop)
        self.teacher = Teacher(teacher)
        folder = self.teacher.folder
        heads = load_heads(folder)
        length = self.teacher.model.embedding_size
        if head not in heads or heads[head].ndim != 2 or heads[head].shape[1] != length:
            raise ValueError(
                f"{folder} has no classifier {head!r} of shape (C, {length}); "
                f"its heads: {', '.join(sorted(heads))}"
            )
        self.temperature = temperature
        self.mean: KlMean = mean
        self.register_buffer("teacher_head", heads[head], persistent=False)
        self.classifier = IdentityHead(self.embedding_size, len(heads[head]))

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:
        """Divergence of the student's probabilities from the teacher's."""
        target = self.teacher.embeddings(batch) @ self.teacher_head.T
        return kl_distillation_loss(
            self.classifier(output.embedding), target, temperature=self.temperature, mean=self.mean
        )
