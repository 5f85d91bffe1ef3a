"""Loss terms: what a method adds to the training loop.

A term looks at one model output and one batch and returns one number. It owns what only training
needs: classifier heads, class centres, an optimiser of its own. A new method is a new term or a
recipe that combines terms, never another loop.
"""

from __future__ import annotations

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from reid_core.losses import (
    IdentityHead,
    Metric,
    batch_hard_triplet_loss,
    center_loss,
    label_smoothed_cross_entropy_loss,
)
from reid_core.models import ReidOutput
from reid_core.registry import Registry
from reid_data import Batch

__all__ = ["CenterTerm", "CrossEntropyTerm", "Term", "TripletTerm", "list_terms", "term_registry"]


class Term(nn.Module):
    """One named part of the loss.

    A subclass takes its options as typed keyword-only arguments after these three and hands these
    three on; the options with their types and defaults become the recipe's keys.

    Args:
        embedding_size: D of the features and embeddings it will see.
        num_classes: identities in the training data, the labels being 0..num_classes - 1.
        weight: factor that the loop puts on the returned value.
    """

    def __init__(self, *, embedding_size: int, num_classes: int, weight: float = 1.0) -> None:
        super().__init__()
        self.embedding_size = embedding_size
        self.num_classes = num_classes
        self.weight = weight

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:
        """The unweighted value, a scalar in float32, of one batch."""
        raise NotImplementedError

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


term_registry: Registry[type[Term]] = Registry("loss term")
"""Classes by the names that recipes use; ``@term_registry.register("name")`` adds one."""


def list_terms() -> list[str]:
    """Names of all registered terms, sorted."""
    return term_registry.names()


@term_registry.register("cross_entropy")
class CrossEntropyTerm(Term):
    """Softmax over the training identities, on the embedding behind the BNNeck.

    Args:
        embedding_size: D.
        num_classes: C.
        weight: factor of this term.
        smoothing: share of the target spread evenly over all C classes.

    Source:
        Luo et al., "Bag of Tricks and a Strong Baseline for Deep Person Re-identification",
        CVPR Workshops 2019.
    """

    def __init__(
        self,
        *,
        embedding_size: int,
        num_classes: int,
        weight: float = 1.0,
        smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.1,
    ) -> None:
        super().__init__(embedding_size=embedding_size, num_classes=num_classes, weight=weight)
        self.smoothing = smoothing
        self.classifier = IdentityHead(embedding_size, num_classes)

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:
        """Cross entropy of ``output.embedding`` (B, D), averaged over the batch."""
        logits = self.classifier(output.embedding)
        return label_smoothed_cross_entropy_loss(
            logits, self.labels(batch), smoothing=self.smoothing
        )


@term_registry.register("triplet")
class TripletTerm(Term):
    """Batch-hard triplet loss on the feature in front of the BNNeck.

    Args:
        embedding_size: D.
        num_classes: C.
        weight: factor of this term.
        margin: by how much the nearest stranger must be farther than the farthest image of the
            same person; none: soft margin, log(1 + exp(x)).
        metric: distance between features.

    Source:
        Hermans et al., "In Defense of the Triplet Loss for Person Re-Identification", 2017.
    """

    def __init__(
        self,
        *,
        embedding_size: int,
        num_classes: int,
        weight: float = 1.0,
        margin: Annotated[float, Field(ge=0)] | None = 0.3,
        metric: Metric = "euclidean",
    ) -> None:
        super().__init__(embedding_size=embedding_size, num_classes=num_classes, weight=weight)
        self.margin = margin
        self.metric: Metric = metric

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:
        """Triplet loss of ``output.feature`` (B, D)."""
        labels = self.labels(batch)
        return batch_hard_triplet_loss(
            output.feature, labels, margin=self.margin, metric=self.metric
        )


@term_registry.register("center")
class CenterTerm(Term):
    """Center loss on the feature in front of the BNNeck, with centres that learn at their own pace.

    The published rule moves the centres by SGD with the gradient of the *unweighted* loss, however
    small the term's weight is. So the value is computed twice, once for the features and once,
    divided by the weight and with its own value taken away again, for the centres.

    Args:
        embedding_size: D.
        num_classes: C.
        weight: factor of this term, for the features only.
        lr: learning rate of the centres.

    Source:
        Wen et al., "A Discriminative Feature Learning Approach for Deep Face Recognition",
        ECCV 2016; learning rate and weight as in Luo et al. 2019.
    """

    def __init__(
        self,
        *,
        embedding_size: int,
        num_classes: int,
        weight: float = 1.0,
        lr: Annotated[float, Field(gt=0)] = 0.5,
    ) -> None:
        super().__init__(embedding_size=embedding_size, num_classes=num_classes, weight=weight)
        self.lr = lr
        self.centers = nn.Parameter(torch.randn(num_classes, embedding_size))

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:
        """Center loss of ``output.feature`` (B, D); its gradient for the centres is unscaled."""
        feature, labels = output.feature, self.labels(batch)
        value = center_loss(feature, labels, self.centers.detach())
        pull = center_loss(feature.detach(), labels, self.centers)
        return value + (pull - pull.detach()) / self.weight

    def own_optimizer(self) -> torch.optim.Optimizer:
        """Plain SGD on the centres, untouched by the schedule."""
        return torch.optim.SGD([self.centers], lr=self.lr)
