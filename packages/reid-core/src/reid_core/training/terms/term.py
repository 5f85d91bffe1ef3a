"""What every loss term is, and the table of them by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Required, TypedDict, Unpack

import torch
from pydantic import Field
from torch import Tensor, nn

from reid_core.models import ReidOutput
from reid_core.registry import Registry
from reid_core.training.terms.target import Target
from reid_data import Batch

__all__ = [
    "Branch",
    "FromLoop",
    "Layer",
    "OnePart",
    "Part",
    "Shares",
    "Term",
    "list_terms",
    "term_registry",
]

Branch = Literal["f1", "f2", "f3"]
OnePart = Literal["whole", "f1", "f2", "f3"]
Part = Literal["whole", "branches", "global_branches", "f1", "f2", "f3"]
Layer = Literal["feature", "embedding"]
Shares = tuple[Annotated[float, Field(ge=0)], ...] | None


class FromLoop(TypedDict, total=False):
    """What the loop gives every term.

    Attributes:
        embedding_size: D of the features and embeddings it will see.
        num_classes: identities in the training data, the labels being 0..num_classes - 1.
        weight: factor that the loop puts on the returned value.
        branch_sizes: D of each of the model's branches, in the order of ``output.branches``.
        targets: what the images are labelled with beside their identities, by name.
    """

    embedding_size: Required[int]
    num_classes: Required[int]
    weight: float
    branch_sizes: tuple[int, ...]
    targets: Mapping[str, Target]


class Term(nn.Module):
    """One named part of the loss.

    A subclass takes its options as typed keyword-only arguments and hands on what the loop gives,
    ``**loop: Unpack[FromLoop]``; the options with their types and defaults become the recipe's
    keys.

    Args:
        loop: see `FromLoop`.

    Attributes:
        gathers: whether rows are compared with each other, so that in a distributed run it is to
            see those of all processes.
        needs_features: whether `start_epoch` wants the features of all training images.
        per_identity: whether it holds something for each identity, which must then stay the same.
        needs_twins: whether every batch must hold each image and a copy of low quality.
        needs_teacher: whether its option ``teacher`` names a checkpoint folder.
        needs_targets: names of the further labels that it learns from.
    """

    gathers: bool = False
    needs_features: bool = False
    per_identity: bool = False
    needs_twins: bool = False
    needs_teacher: bool = False
    needs_targets: tuple[str, ...] = ()

    def __init__(self, **loop: Unpack[FromLoop]) -> None:
        super().__init__()
        self.embedding_size = loop["embedding_size"]
        self.num_classes = loop["num_classes"]
        self.weight = loop.get("weight", 1.0)
        self.branch_sizes = tuple(loop.get("branch_sizes", ()))
        self.targets = dict(loop.get("targets", {}))
        # In a mapping, so that the parameters of other terms do not become this one's too.
        self.others: dict[str, Term] = {}

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:
        """The unweighted value, a scalar in float32, of one batch."""
        raise NotImplementedError

    def start_epoch(self, features: Tensor, labels: Tensor) -> None:
        """Look at all training images before an epoch; only called where ``needs_features``.

        Args:
            features: (N, D) embeddings.
            labels: (N,), -1 for those that no batch will hold.
        """

    def meet(self, terms: Mapping[str, Term]) -> None:
        """Find the other terms that this one uses; called once, when all are built.

        Args:
            terms: all of the recipe, by name.
        """

    def logits(self, output: ReidOutput) -> Tensor:  # noqa: ARG002 - most terms have none
        """Logits (B, C) of the term's classifier, for terms that compare classifiers.

        Raises:
            ValueError: it has no classifier, or several.
        """
        raise ValueError(f"{type(self).__name__} has no classifier of its own to compare")

    def own_optimizer(self) -> torch.optim.Optimizer | None:
        """An optimiser for some of this term's parameters, stepped beside the main one.

        Parameters that are not in it belong to the main optimiser. The schedule leaves its
        learning rate alone.
        """
        return None

    def labels(self, batch: Batch) -> Tensor:
        """Training labels (B,) of the batch, or a clear error where it carries none."""
        if batch.labels is None:
            raise ValueError("a training batch needs labels 0..C-1; this one came from evaluation")
        return batch.labels

    def target_of(self, name: str) -> Target:
        """What there is to know about further labels.

        Raises:
            ValueError: the training images have no such labels.
        """
        if name not in self.targets:
            raise ValueError(f"{type(self).__name__} needs images labelled with their {name}")
        return self.targets[name]

    def target_labels(self, batch: Batch, name: str) -> Tensor:
        """Further labels (B,) of the batch, -1 where unknown, or an error where it carries none."""
        if name not in batch.targets:
            raise ValueError(f"{type(self).__name__} needs a batch labelled with its {name}")
        return batch.targets[name]

    def twins(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Rows of the originals and, in the same order, those of their changed copies.

        Raises:
            ValueError: the batch does not hold each image twice.
        """
        reduced = batch.twins
        if reduced is None and batch.scales is not None:
            reduced = batch.scales > 1
        elif reduced is None:
            reduced = torch.zeros(len(batch), dtype=torch.bool)
        high, low = (~reduced).nonzero().flatten(), reduced.nonzero().flatten()
        if len(high) != len(low):
            raise ValueError(
                f"{type(self).__name__} needs every image and its low-resolution twin in the "
                f"batch, came {len(high)} originals and {len(low)} twins; set "
                "data.low_resolution.twins=true and data.low_resolution.scales to more than 1, or "
                "data.degrade"
            )
        return high, low

    def sizes(self, part: Part) -> tuple[int, ...]:
        """D of each output of `parts`, of all branches also where only some of them are taken.

        Raises:
            ValueError: branches are asked for and the model has none.
        """
        if part == "whole":
            return (self.embedding_size,)
        if not self.branch_sizes:
            raise ValueError(
                f"{type(self).__name__} of: {part} needs a model with branches, such as pcb or "
                "mgn; this one has none, set of: whole"
            )
        if part in _PLACES:
            place = _PLACES[part]
            if place >= len(self.branch_sizes):
                raise ValueError(
                    f"{type(self).__name__} of: {part} needs a model of {place + 1} branches; this "
                    f"one has {len(self.branch_sizes)}"
                )
            return (self.branch_sizes[place],)
        return self.branch_sizes

    def combined(self, values: Sequence[Tensor], shares: tuple[float, ...] | None = None) -> Tensor:
        """One value of those of several parts: their mean, or their sum with given factors."""
        stacked = torch.stack(list(values))
        if shares is None:
            return stacked.mean()
        return (stacked * stacked.new_tensor(shares)).sum()

    def check_shares(self, part: Part, shares: tuple[float, ...] | None) -> None:
        """Refuse factors that are not one for each of the model's branches.

        Raises:
            ValueError: says how many there should be.
        """
        if shares is None:
            return
        count = len(self.branch_sizes)
        if part != "branches" or len(shares) != count:
            raise ValueError(
                f"{type(self).__name__} takes shares, one for each branch, with of: branches; the "
                f"model has {count} branches, came {len(shares)} shares of: {part}"
            )

    def parts(self, output: ReidOutput, part: Part) -> Sequence[ReidOutput]:
        """The model's output itself, or those of its branches that are not single parts, or of all.

        Raises:
            ValueError: the branches are not those that the term was built for.
        """
        if part == "whole":
            return (output,)
        if len(output.branches) != len(self.branch_sizes):
            raise ValueError(
                f"{type(self).__name__} was built for {len(self.branch_sizes)} branches, the model "
                f"returned {len(output.branches)}"
            )
        if part == "branches":
            return output.branches
        if part in _PLACES:
            return (output.branches[_PLACES[part]],)
        return [branch for branch in output.branches if not branch.is_part]


_PLACES: Mapping[str, int] = {"f1": 0, "f2": 1, "f3": 2}

term_registry: Registry[type[Term]] = Registry("loss term")
"""Classes by the names that recipes use; ``@term_registry.register("name")`` adds one."""


def list_terms() -> list[str]:
    """Names of all registered terms, sorted."""
    return term_registry.names()
