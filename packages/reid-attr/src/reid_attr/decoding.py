"""From logits to probabilities, from those to decisions, and from decisions to words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reid_attr.losses.categorical import group_log_softmax
from reid_attr.schema import Group, Schema

__all__ = ["decide", "describe", "probabilities_of"]

_Floats = NDArray[np.float64]


def probabilities_of(logits: Tensor, schema: Schema, *, softmax: bool = False) -> Tensor:
    """Probability of each attribute ``(N, K)``.

    Args:
        logits: ``(N, K)``.
        schema: of K attributes.
        softmax: share the probability of a group that excludes among its attributes (and none of
            them, where that may be), as a model expects that was trained so.

    Raises:
        ValueError: the schema has another number of attributes.
    """
    schema.check_columns(logits.shape[1])
    if not softmax:
        return logits.sigmoid()
    parts = []
    for group in schema.groups:
        part = logits[:, schema.columns(group.name)]
        parts.append(group_log_softmax(part, group)[0].exp() if group.exclusive else part.sigmoid())
    return torch.cat(parts, dim=1)


def decide(
    probabilities: Any,
    schema: Schema,
    *,
    thresholds: Sequence[float] | None = None,
    by_group: bool = False,
    softmax: bool = False,
) -> NDArray[np.bool_]:
    """Which attributes hold, ``(N, K)``.

    Args:
        probabilities: ``(N, K)``.
        schema: of K attributes.
        thresholds: an attribute holds above its own; 0.5 by default.
        by_group: of a group that excludes let the likeliest hold, and no other; where none may
            hold, only if it is above its threshold (likelier than none, with ``softmax``).
        softmax: whether the probabilities of a group share 1.

    Raises:
        ValueError: the schema has another number of attributes, or there are not K thresholds.
    """
    values: _Floats = np.asarray(probabilities, np.float64)
    schema.check_columns(values.shape[1])
    limits: _Floats = np.full(len(schema), 0.5) if thresholds is None else np.array(thresholds)
    if limits.shape != (len(schema),):
        raise ValueError(f"expected {len(schema)} thresholds, came {limits.shape}")
    holds = values > limits
    if by_group:
        for group in schema.groups:
            if group.exclusive:
                columns = schema.columns(group.name)
                holds[:, columns] = _likeliest(values[:, columns], limits[columns], group, softmax)
    return holds


def describe(holds: NDArray[np.bool_], schema: Schema) -> list[dict[str, str]]:
    """What holds in words, a mapping from groups an image: names joined by `` + ``.

    A group of which nothing holds has what it is called then, or an empty text.

    Examples:
        >>> age = Group("age", ("young", "old"), kind="one")
        >>> gender = Group("gender", ("female",), otherwise="male")
        >>> describe(np.array([[True, False, False]]), Schema("tiny", (age, gender)))
        [{'age': 'young', 'gender': 'male'}]
    """
    schema.check_columns(holds.shape[1])
    rows: list[dict[str, str]] = [{} for _ in holds]
    for group in schema.groups:
        columns = schema.columns(group.name)
        for row, marks in zip(rows, holds[:, columns].tolist(), strict=True):
            names = [name for name, mark in zip(group.attributes, marks, strict=True) if mark]
            row[group.name] = " + ".join(names) or group.otherwise
    return rows


def _likeliest(values: _Floats, limits: _Floats, group: Group, softmax: bool) -> NDArray[np.bool_]:
    best = values.argmax(axis=1)
    holds = np.zeros(values.shape, dtype=bool)
    holds[np.arange(len(values)), best] = True
    if group.kind == "at-most-one":
        most = values.max(axis=1)
        enough = most > 1 - values.sum(axis=1) if softmax else most > limits[best]
        holds &= enough[:, None]
    return holds
