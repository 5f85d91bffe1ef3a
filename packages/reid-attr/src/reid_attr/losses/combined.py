"""One loss out of the parts that a recipe chooses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from reid_attr.losses.binary import asymmetric_elements, bce_elements, focal_elements
from reid_attr.losses.categorical import categorical_elements
from reid_attr.losses.elements import check_labels
from reid_attr.losses.gradnorm import GradNorm
from reid_attr.losses.logit_updating import LogitUpdate
from reid_attr.losses.weighting import Weighting, sample_weights
from reid_attr.schema import Schema

__all__ = ["AttributeLoss", "LossOptions"]


@dataclass(frozen=True)
class LossOptions:
    """What an `AttributeLoss` is made of; every part goes with every other.

    Attributes:
        kind: how a label is judged; ``categorical`` takes the softmax within groups that exclude.
        weighting: of rare labels, see `sample_weights`; none: all count alike.
        ratio_clip: bounds of the ratios that the weights are made of.
        logit_updating: scale logits by recalls on held-out training images, see `LogitUpdate`.
        update_momentum: weight of the past recalls.
        update_most: bound of the scale.
        gradnorm: balance the attributes (groups, of ``categorical``) by `GradNorm`.
        gradnorm_alpha: how strongly slow tasks are favoured.
        gradnorm_lr: learning rate of the task weights.
        focal_alpha: weight of positives in the focal loss.
        focal_gamma: exponent of the focal loss.
    """

    kind: Literal["bce", "focal", "asymmetric", "categorical"] = "bce"
    weighting: Weighting | None = None
    ratio_clip: tuple[float, float] = (0.01, 0.99)
    logit_updating: bool = False
    update_momentum: float = 0.5
    update_most: float = 2.0
    gradnorm: bool = False
    gradnorm_alpha: float = 1.5
    gradnorm_lr: float = 8e-4
    focal_alpha: float = 0.5
    focal_gamma: float = 2.0


class AttributeLoss(nn.Module):
    """Judge logits, weigh rare labels, update logits, balance tasks, as the options say.

    Args:
        schema: of K attributes.
        ratios: share of positives in training ``(K,)``, see `positive_ratios`.
        options: what it is made of.

    Raises:
        ValueError: the ratios are not K.
    """

    ratios: Tensor

    def __init__(self, schema: Schema, ratios: Tensor, options: LossOptions | None = None) -> None:
        super().__init__()
        schema.check_columns(len(ratios))
        self.schema, self.options = schema, options or LossOptions()
        chosen = self.options
        self.register_buffer("ratios", ratios.detach().clone().float())
        self.logit_update = (
            LogitUpdate(len(schema), momentum=chosen.update_momentum, most=chosen.update_most)
            if chosen.logit_updating
            else None
        )
        self.tasks = _tasks(schema, grouped=chosen.kind == "categorical")
        self.gradnorm = (
            GradNorm(self.tasks, alpha=chosen.gradnorm_alpha, lr=chosen.gradnorm_lr)
            if chosen.gradnorm
            else None
        )

    def forward(
        self, logits: Tensor, labels: Tensor, *, classifier: Tensor | None = None
    ) -> Tensor:
        """Loss of ``(B, K)`` logits and labels, summed over attributes, averaged over the batch.

        Args:
            logits: ``(B, K)``.
            labels: ``(B, K)``: 1, 0 or -1 for unknown.
            classifier: rows of the last linear map ``(K, D)``; in training with GradNorm, whose
                weights are then moved.

        Raises:
            ValueError: shapes or labels do not fit.
        """
        check_labels(logits, labels)
        self.schema.check_columns(logits.shape[1])
        losses = self.task_losses(logits, labels)
        if self.gradnorm is None:
            return losses.sum()
        if self.training and classifier is not None:
            self.gradnorm.update(losses, logits, classifier)
        weighted: Tensor = self.gradnorm(losses)
        return weighted

    def task_losses(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Mean loss of each task over the batch ``(T,)``, before they are balanced."""
        updated = logits if self.logit_update is None else self.logit_update(logits, labels)
        elements = self._elements(updated, labels)
        if self.options.weighting is not None:
            elements = elements * sample_weights(
                labels,
                self.ratios.to(logits),
                weighting=self.options.weighting,
                clip=self.options.ratio_clip,
            )
        columns = elements.mean(dim=0)
        return torch.stack([columns[task].sum() for task in self.tasks])

    def _elements(self, logits: Tensor, labels: Tensor) -> Tensor:
        if self.options.kind == "categorical":
            return categorical_elements(logits, labels, self.schema)
        if self.options.kind == "focal":
            alpha, gamma = self.options.focal_alpha, self.options.focal_gamma
            return focal_elements(logits, labels, alpha=alpha, gamma=gamma)
        if self.options.kind == "asymmetric":
            return asymmetric_elements(logits, labels)
        return bce_elements(logits, labels)


def _tasks(schema: Schema, *, grouped: bool) -> tuple[slice, ...]:
    """Columns that are judged together: a group that excludes, or one attribute."""
    tasks = []
    for group in schema.groups:
        columns = schema.columns(group.name)
        if grouped and group.exclusive:
            tasks.append(columns)
        else:
            tasks += [slice(at, at + 1) for at in range(columns.start, columns.stop)]
    return tuple(tasks)
