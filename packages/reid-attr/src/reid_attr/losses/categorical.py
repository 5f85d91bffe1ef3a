"""Softmax within the groups whose attributes exclude each other, sigmoid for all others."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reid_attr.losses.binary import bce_elements
from reid_attr.losses.elements import check_labels, total
from reid_attr.schema import Group, Schema

__all__ = ["CategoricalLoss", "categorical_elements", "categorical_loss", "group_log_softmax"]


def group_log_softmax(logits: Tensor, group: Group) -> tuple[Tensor, Tensor | None]:
    """Logarithms of the probabilities of a group's attributes, and of none of them.

    Where none may hold (``at-most-one``) it has the logit 0 beside the others'.

    Args:
        logits: of the group's attributes ``(B, A)``.
        group: which excludes.

    Returns:
        ``(B, A)``, and ``(B,)`` for none of them; None where one must hold.
    """
    if group.kind == "one":
        return logits.log_softmax(dim=1), None
    with_none = torch.cat([logits, torch.zeros_like(logits[:, :1])], dim=1).log_softmax(dim=1)
    return with_none[:, :-1], with_none[:, -1]


def categorical_elements(logits: Tensor, labels: Tensor, schema: Schema) -> Tensor:
    """The loss as elements ``(B, K)``, the cross-entropy of a group at the columns that hold.

    That of "none of them" is shared among the group's columns.
    """
    elements = bce_elements(logits, labels)
    parts = []
    for group in schema.groups:
        columns = schema.columns(group.name)
        part = elements[:, columns]
        if group.exclusive:
            part = _group_elements(logits[:, columns], labels[:, columns], group)
        parts.append(part)
    return torch.cat(parts, dim=1)


def categorical_loss(logits: Tensor, labels: Tensor, *, schema: Schema) -> Tensor:
    """Cross-entropy over each group that excludes, binary cross-entropy of all other attributes.

    Summed over groups and attributes, averaged over the batch. A group of which several are marked
    has each of them as target in equal parts; one with an unknown label and none that is marked
    does not count, nor does one of which one must hold and none is marked (the published form
    takes its first attribute then).

    Args:
        logits: ``(B, K)``.
        labels: ``(B, K)``: 1, 0 or -1 for unknown.
        schema: of K attributes.

    Raises:
        ValueError: shapes, labels or schema do not fit.
    """
    check_labels(logits, labels)
    schema.check_columns(logits.shape[1])
    return total(categorical_elements(logits, labels, schema))


class CategoricalLoss(nn.Module):
    """See `categorical_loss`."""

    def __init__(self, schema: Schema) -> None:
        super().__init__()
        self.schema = schema

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Loss of ``(B, K)`` logits and labels."""
        return categorical_loss(logits, labels, schema=self.schema)


def _group_elements(logits: Tensor, labels: Tensor, group: Group) -> Tensor:
    log_probabilities, log_none = group_log_softmax(logits, group)
    marked = (labels == 1).to(logits.dtype)
    share = marked / marked.sum(dim=1, keepdim=True).clamp(min=1)
    elements = -share * log_probabilities
    if log_none is None:
        return elements
    nothing = (labels == 0).all(dim=1).to(logits.dtype)
    return elements - (nothing * log_none / len(group.attributes))[:, None]
