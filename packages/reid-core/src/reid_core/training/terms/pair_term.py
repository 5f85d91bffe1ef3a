"""Terms that compare the rows of a batch."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor

from reid_core.models import ReidOutput
from reid_core.training.terms.term import FromLoop, Layer, Part, Shares, Term
from reid_data import Batch

__all__ = ["PairTerm"]


class PairTerm(Term):
    """Compares vectors of the same batch, by default those in front of the BNNeck.

    A subclass says in `compare` how, and names ``of`` and ``layer`` among its options.

    Args:
        of: the ``whole`` output, or the mean over the model's ``branches`` or over its
            ``global_branches``, those that describe more than a part.
        layer: ``feature`` in front of the BNNeck, or ``embedding`` behind it.
        shares: factor of each branch, in place of the mean over them.
        loop: see `FromLoop`.
    """

    gathers = True

    def __init__(
        self,
        *,
        of: Part = "whole",
        layer: Layer = "feature",
        shares: Shares = None,
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(**loop)
        self.sizes(of)
        self.check_shares(of, shares)
        self.shares = shares
        self.of: Part = of
        self.layer: Layer = layer

    def compare(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """The value for vectors (B, D) with labels (B,)."""
        raise NotImplementedError

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:
        """The value of the chosen parts of the output: their mean, or as their shares say."""
        labels = self.labels(batch)
        values = [
            self.compare(getattr(part, self.layer), labels) for part in self.parts(output, self.of)
        ]
        return self.combined(values, self.shares)
