"""Softmax over the training identities, with a linear classifier."""

from __future__ import annotations

from typing import Annotated, Literal, Unpack

import torch
from pydantic import Field
from torch import Tensor, nn

from reid_core.losses import IdentityHead, label_smoothed_cross_entropy_loss, lcn_loss, lsr_loss
from reid_core.models import ReidOutput
from reid_core.training.terms.term import FromLoop, Shares, Term, term_registry
from reid_data import Batch

__all__ = ["BranchConsistencyTerm", "CrossEntropyTerm"]

_Smoothing = Annotated[float, Field(ge=0, lt=1)]
_Of = Literal["whole", "branches", "f1", "f2", "f3"]
_NotNegative = Annotated[float, Field(ge=0)]


@term_registry.register("cross_entropy")
class CrossEntropyTerm(Term):
    """Softmax over the training identities, on the embedding behind the BNNeck.

    Args:
        smoothing: share of the target spread evenly over all C classes.
        of: the ``whole`` output, one branch, or the mean over the model's ``branches``, each with
            a classifier of its own.
        shares: factor of each branch, in place of the mean over them.
        loop: see `FromLoop`.

    Source:
        Luo et al., "Bag of Tricks and a Strong Baseline for Deep Person Re-identification",
        CVPR Workshops 2019.
    """

    per_identity = True

    def __init__(
        self,
        *,
        smoothing: _Smoothing = 0.1,
        of: _Of = "whole",
        shares: Shares = None,
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(**loop)
        self.check_shares(of, shares)
        self.shares = shares
        self.smoothing = smoothing
        self.of: _Of = of
        heads = [IdentityHead(size, self.num_classes) for size in self.sizes(of)]
        self.classifier: nn.Module = nn.ModuleList(heads) if of == "branches" else heads[0]

    def logits(self, output: ReidOutput) -> Tensor:
        """Logits (B, C) of the only classifier.

        Raises:
            ValueError: each branch has its own.
        """
        if isinstance(self.classifier, nn.ModuleList):
            raise ValueError("the cross entropy of: branches has several classifiers to compare")
        (part,) = self.parts(output, self.of)
        result: Tensor = self.classifier(part.embedding)
        return result

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:
        """Cross entropy of embeddings (B, D), averaged over the batch, of the chosen parts."""
        labels, parts = self.labels(batch), self.parts(output, self.of)
        several = isinstance(self.classifier, nn.ModuleList)
        heads = self.classifier.children() if several else [self.classifier]
        values = [
            label_smoothed_cross_entropy_loss(
                head(part.embedding), labels, smoothing=self.smoothing
            )
            for head, part in zip(heads, parts, strict=True)
        ]
        return self.combined(values, self.shares)


@term_registry.register("branch_consistency")
class BranchConsistencyTerm(Term):
    """Two branches under one classifier, which learn the identity and agree about it.

    ``(CE(y1) + CE(y2)) / 2 + lsr_weight LSR(y1, y2) + lcn_weight LCN(y1, y2)``, y1 and y2 being
    the logits of the first and the second branch.

    Args:
        smoothing: of both cross entropies.
        lsr_weight: factor of [`lsr_loss`][reid_core.losses]; 0 leaves it out.
        lsr_margin: by how much the second branch shall be surer than the first.
        lcn_weight: factor of [`lcn_loss`][reid_core.losses]; 0 leaves it out.
        lcn_tolerance: divergence that is left alone.
        loop: see `FromLoop`.

    Raises:
        ValueError: the model has not two branches of one size.

    Source:
        The fine-grained re-ID system of arXiv 2011.13475.
    """

    per_identity = True

    def __init__(
        self,
        *,
        smoothing: _Smoothing = 0.1,
        lsr_weight: _NotNegative = 1.0,
        lsr_margin: Annotated[float, Field(ge=0, le=2)] = 0.05,
        lcn_weight: _NotNegative = 1.0,
        lcn_tolerance: _NotNegative = 0.005,
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(**loop)
        if len(self.branch_sizes) != 2 or len(set(self.branch_sizes)) != 1:
            raise ValueError(
                "the term branch_consistency needs a model of two branches of one size, such as "
                f"fine-grained; this one has branches of sizes {list(self.branch_sizes)}"
            )
        self.smoothing = smoothing
        self.lsr_weight, self.lsr_margin = lsr_weight, lsr_margin
        self.lcn_weight, self.lcn_tolerance = lcn_weight, lcn_tolerance
        self.classifier = IdentityHead(self.branch_sizes[0], self.num_classes)

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:
        """The sum for embeddings (B, D) of both branches."""
        labels = self.labels(batch)
        first, second = (self.classifier(b.embedding) for b in self.parts(output, "branches"))
        both = [
            label_smoothed_cross_entropy_loss(logits, labels, smoothing=self.smoothing)
            for logits in (first, second)
        ]
        value = torch.stack(both).mean()
        if self.lsr_weight:
            value = value + self.lsr_weight * lsr_loss(
                first, second, labels, margin=self.lsr_margin
            )
        if self.lcn_weight:
            value = value + self.lcn_weight * lcn_loss(first, second, tolerance=self.lcn_tolerance)
        return value
