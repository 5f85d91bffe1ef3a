"""Losses between branches, and variance within identities, against their formulas."""

from __future__ import annotations

import math
from collections import defaultdict

import pytest
import torch
from torch import Tensor

from reid_core.losses import (
    DecorrelationLoss,
    LcnLoss,
    LsrLoss,
    VarianceLoss,
    decorrelation_loss,
    lcn_loss,
    lsr_loss,
    variance_loss,
)


def logits(seed: int, *shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def test_variance_is_the_pooled_unbiased_one_of_every_dimension() -> None:
    features, labels = logits(0, 8, 3), [0, 1, 0, 0, 1, 2, 0, 1]
    groups = defaultdict(list)
    for row, label in zip(features.tolist(), labels, strict=True):
        groups[label].append(row)
    squares = 0.0
    for rows in groups.values():
        for column in zip(*rows, strict=True):
            mean = sum(column) / len(column)
            squares += sum((value - mean) ** 2 for value in column)
    found = variance_loss(features, torch.tensor(labels))
    assert found.item() == pytest.approx(squares / (8 - 3), rel=1e-12)


def shares(row: list[float]) -> list[float]:
    total = sum(math.exp(value) for value in row)
    return [math.exp(value) / total for value in row]


@pytest.mark.parametrize("tolerance", [0.0, 0.005, 9.0])
def test_lcn_is_a_divergence_above_its_tolerance(tolerance: float) -> None:
    first, second = logits(0, 4, 5), logits(1, 4, 5)
    divergence = 0.0
    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        pairs = zip(shares(a), shares(b), strict=True)
        divergence += sum(p * math.log(p / q) for p, q in pairs) / 4
    found = lcn_loss(first, second, tolerance=tolerance)
    assert found.item() == pytest.approx(max(0, divergence - tolerance), rel=1e-10)


@pytest.mark.parametrize("margin", [0.0, 0.05, 0.5, 2.0])
def test_lsr_is_the_smaller_of_ranking_and_doubt(margin: float) -> None:
    first, second, labels = 3 * logits(0, 6, 3), 3 * logits(1, 6, 3), [0, 1, 2, 0, 1, 2]
    total = 0.0
    for a, b, label in zip(first.tolist(), second.tolist(), labels, strict=True):
        p, q = shares(a)[label], shares(b)[label]
        total += min(max(0, p - q + margin), max(0, 2 - p - q))
        if margin == 2:
            assert p - q + margin >= 2 - p - q  # the published margin leaves the ranking out
    found = lsr_loss(first, second, torch.tensor(labels), margin=margin)
    assert found.item() == pytest.approx(total / 6, rel=1e-10)


def test_decorrelation_by_hand() -> None:
    first = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    second = torch.tensor([[3.0, 4.0], [-3.0, 4.0], [5.0, 0.0]])
    assert decorrelation_loss(first, second).item() == pytest.approx(1.2 / 3)
    assert decorrelation_loss(first, second, form="positive").item() == pytest.approx(0.6 / 3)


def test_gradcheck_of_both_branches() -> None:
    labels = torch.tensor([0, 2, 1])
    pair = [logits(0, 3, 4).requires_grad_(), logits(1, 3, 4).requires_grad_()]
    for loss in (lcn_loss, lambda a, b: lsr_loss(a, b, labels), decorrelation_loss):
        assert torch.autograd.gradcheck(loss, pair)


def test_half_precision_is_widened_also_within_autocast() -> None:
    first, second, labels = logits(0, 4, 8), logits(1, 4, 8), torch.tensor([0, 7, 3, 3])
    first, second = first.bfloat16(), second.bfloat16()
    for loss in (lcn_loss, lambda a, b: lsr_loss(a, b, labels), decorrelation_loss):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = loss(first, second)
        assert found.dtype == torch.float32
        assert torch.equal(found, loss(first.float(), second.float()))


def test_the_modules_only_keep_the_settings() -> None:
    first, second, labels = logits(0, 4, 8), logits(1, 4, 8), torch.tensor([0, 7, 3, 3])
    pairs = [
        (LcnLoss(tolerance=0.2)(first, second), lcn_loss(first, second, tolerance=0.2)),
        (LsrLoss(margin=1)(first, second, labels), lsr_loss(first, second, labels, margin=1)),
        (
            DecorrelationLoss(form="positive")(first, second),
            decorrelation_loss(first, second, form="positive"),
        ),
        (VarianceLoss()(first, labels), variance_loss(first, labels)),
    ]
    for found, expected in pairs:
        assert torch.equal(found, expected)


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match=r"two logits \(B, C\) of one shape, came \(2, 3\) and"):
        lcn_loss(torch.zeros(2, 3), torch.zeros(2, 4))
    with pytest.raises(ValueError, match="margin must be from 0 to 2, not 3"):
        lsr_loss(torch.zeros(1, 3), torch.zeros(1, 3), torch.tensor([0]), margin=3)
    with pytest.raises(ValueError, match="not 'squared'"):
        decorrelation_loss(torch.zeros(2, 3), torch.zeros(2, 3), form="squared")
    with pytest.raises(ValueError, match="of one shape"):
        decorrelation_loss(torch.zeros(0, 3), torch.zeros(0, 3))
