"""Classifiers that agree with each other about an image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Unpack

from pydantic import Field
from torch import Tensor

from reid_core.losses import KlMean, kl_distillation_loss
from reid_core.models import ReidOutput
from reid_core.training.terms.others import classifier_of
from reid_core.training.terms.term import FromLoop, Term, term_registry
from reid_data import Batch

__all__ = ["AgreementTerm"]


@term_registry.register("agreement")
class AgreementTerm(Term):
    """One classifier's probabilities are drawn to another's, both of terms of this recipe.

    Args:
        student: name of the term whose classifier follows, such as that of the first branch.
        teacher: name of the term whose classifier leads.
        detach: let only the student learn; otherwise the two learn from each other.
        temperature: of both softmaxes.
        mean: over ``rows``, or over all ``entries`` of the logits.
        loop: see `FromLoop`.

    Source:
        Zhang et al., "Deep Mutual Learning", CVPR 2018; settings as in arXiv 2505.12580, see
        [`kl_distillation_loss`][reid_core.losses].
    """

    def __init__(
        self,
        *,
        student: str,
        teacher: str,
        detach: bool = False,
        temperature: Annotated[float, Field(gt=0)] = 0.8,
        mean: KlMean = "entries",
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(**loop)
        self.student, self.teacher = student, teacher
        self.detach, self.temperature = detach, temperature
        self.mean: KlMean = mean

    def meet(self, terms: Mapping[str, Term]) -> None:
        """Find the two classifiers.

        Raises:
            ValueError: there is no term of such a name, or it has no classifier.
        """
        names = {"student": self.student, "teacher": self.teacher}
        self.others = {role: classifier_of(terms, name) for role, name in names.items()}

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:  # noqa: ARG002 - terms get both
        """Divergence of the student's probabilities from the teacher's."""
        return kl_distillation_loss(
            self.others["student"].logits(output),
            self.others["teacher"].logits(output),
            temperature=self.temperature,
            mean=self.mean,
            detach=self.detach,
        )
