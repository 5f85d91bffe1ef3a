"""Branches that describe an image by unlike features."""

from __future__ import annotations

from itertools import combinations
from typing import Literal, Unpack

import torch
from torch import Tensor

from reid_core.losses import decorrelation_loss
from reid_core.models import ReidOutput
from reid_core.training.terms.term import FromLoop, Layer, Term, term_registry
from reid_data import Batch

__all__ = ["DecorrelationTerm"]


@term_registry.register("decorrelation")
class DecorrelationTerm(Term):
    """Mean over all pairs of branches of [`decorrelation_loss`][reid_core.losses].

    Args:
        form: ``absolute`` values of cosines, or only the ``positive`` ones.
        layer: ``feature`` in front of the BNNeck, or ``embedding`` behind it.
        loop: see `FromLoop`.

    Raises:
        ValueError: the model has not at least two branches, all of one size.
    """

    def __init__(
        self,
        *,
        form: Literal["absolute", "positive"] = "absolute",
        layer: Layer = "feature",
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(**loop)
        if len(self.branch_sizes) < 2 or len(set(self.branch_sizes)) != 1:
            raise ValueError(
                "the term decorrelation needs a model of several branches of one size; this one "
                f"has branches of sizes {list(self.branch_sizes)}"
            )
        self.form: Literal["absolute", "positive"] = form
        self.layer: Layer = layer

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:  # noqa: ARG002 - terms get both
        """Mean over pairs of branches."""
        vectors = [getattr(branch, self.layer) for branch in self.parts(output, "branches")]
        values = [decorrelation_loss(a, b, form=self.form) for a, b in combinations(vectors, 2)]
        return torch.stack(values).mean()
