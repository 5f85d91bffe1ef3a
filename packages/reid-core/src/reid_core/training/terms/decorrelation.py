"""Branches that describe an image by unlike features."""

from __future__ import annotations

from itertools import combinations
from typing import Annotated, Literal, Unpack

import torch
from pydantic import Field
from torch import Tensor

from reid_core.losses import decorrelation_loss
from reid_core.models import ReidOutput
from reid_core.training.terms.term import Branch, FromLoop, Layer, Term, term_registry
from reid_data import Batch

__all__ = ["DecorrelationTerm"]


@term_registry.register("decorrelation")
class DecorrelationTerm(Term):
    """Mean over pairs of branches of [`decorrelation_loss`][reid_core.losses].

    Args:
        pairs: of branches, such as ``[[f2, f3]]``; none: all.
        form: ``absolute`` values of cosines, or only the ``positive`` ones.
        layer: ``feature`` in front of the BNNeck, or ``embedding`` behind it.
        loop: see `FromLoop`.

    Raises:
        ValueError: the model has not at least two branches, all of one size.
    """

    def __init__(
        self,
        *,
        pairs: Annotated[tuple[tuple[Branch, Branch], ...], Field(min_length=1)] | None = None,
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
        places = range(len(self.branch_sizes))
        self.pairs = (
            list(combinations(places, 2)) if pairs is None else list(map(self._pair, pairs))
        )
        self.form: Literal["absolute", "positive"] = form
        self.layer: Layer = layer

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:  # noqa: ARG002 - terms get both
        """Mean over pairs of branches."""
        vectors = [getattr(branch, self.layer) for branch in self.parts(output, "branches")]
        values = [decorrelation_loss(vectors[a], vectors[b], form=self.form) for a, b in self.pairs]
        return torch.stack(values).mean()

    def _pair(self, names: tuple[Branch, Branch]) -> tuple[int, int]:
        for name in names:
            self.sizes(name)  # refuses what is not there
        first, second = (int(name[1:]) - 1 for name in names)
        return first, second
