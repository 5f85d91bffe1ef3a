"""The clothes-adversarial loss against the loop that it stands for."""

from __future__ import annotations

import math

import pytest
import torch
from torch.autograd import gradcheck

from reid_core.losses import ClothesAdversarialLoss, clothes_adversarial_loss

OWNERS = torch.tensor([0, 0, 0, 1, 2, 2, 0])
"""Whose each of seven outfits is."""


def naive(logits: torch.Tensor, clothes: list[int], people: list[int], epsilon: float) -> float:
    total = 0.0
    for row, outfit, person in zip(logits.tolist(), clothes, people, strict=True):
        own = [c for c in range(len(OWNERS)) if OWNERS[c] == person]
        others = sum(math.exp(row[j]) for j in range(len(OWNERS)) if j not in own)
        for c in own:
            q = (1 - epsilon) * (c == outfit) + epsilon / len(own)
            total -= q * math.log(math.exp(row[c]) / (math.exp(row[c]) + others))
    return total / len(clothes)


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 1.0])
def test_it_is_the_loop(epsilon: float) -> None:
    logits = 4 * torch.randn(5, 7, generator=torch.Generator().manual_seed(0))
    clothes, people = [0, 6, 3, 5, 2], [0, 0, 1, 2, 0]
    positives = torch.tensor(people)[:, None] == OWNERS
    found = ClothesAdversarialLoss(epsilon=epsilon)(logits, torch.tensor(clothes), positives)
    assert found.item() == pytest.approx(naive(logits, clothes, people, epsilon), rel=1e-5)


def test_unless_told_otherwise_a_tenth_goes_to_all_own_outfits() -> None:
    logits = torch.randn(3, 7, generator=torch.Generator().manual_seed(0))
    clothes, positives = torch.tensor([0, 6, 3]), torch.tensor([0, 0, 1])[:, None] == OWNERS
    published = clothes_adversarial_loss(logits, clothes, positives, epsilon=0.1)
    assert clothes_adversarial_loss(logits, clothes, positives) == published
    assert ClothesAdversarialLoss()(logits, clothes, positives) == published


def test_outfits_of_one_person_do_not_compete() -> None:
    """The gradient of an own logit is never that of a rival: raising any of them helps."""
    logits = torch.zeros(1, 7, requires_grad=True)
    positives = OWNERS == 0
    clothes_adversarial_loss(logits, torch.tensor([0]), positives[None]).backward()
    assert (logits.grad[0, positives] < 0).all()
    assert (logits.grad[0, ~positives] > 0).all()


def test_a_person_alone_in_the_data_has_nothing_to_learn() -> None:
    logits = torch.randn(2, 3, requires_grad=True)
    everything = torch.ones(2, 3, dtype=torch.bool)
    value = clothes_adversarial_loss(logits, torch.tensor([0, 1]), everything)
    value.backward()
    assert value.item() == 0
    assert (logits.grad == 0).all()


def test_large_logits_and_short_floats_stay_finite() -> None:
    logits = torch.tensor([[800.0, -800.0, 800.0]], dtype=torch.bfloat16, requires_grad=True)
    positives = torch.tensor([[True, True, False]])
    value = clothes_adversarial_loss(logits, torch.tensor([1]), positives)
    value.backward()
    assert value.dtype == torch.float32
    assert value.isfinite()
    assert logits.grad.isfinite().all()


def test_gradients() -> None:
    logits = torch.randn(3, 7, dtype=torch.float64, requires_grad=True)
    positives = torch.tensor([0, 1, 2])[:, None] == OWNERS
    clothes = torch.tensor([1, 3, 4])
    assert gradcheck(lambda z: clothes_adversarial_loss(z, clothes, positives), logits)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"positives": torch.ones(2, 7)}, r"booleans \(2, 7\)"),
        ({"positives": torch.ones(2, 6, dtype=torch.bool)}, r"booleans \(2, 7\)"),
        ({"clothes": torch.tensor([0])}, "one outfit for each of 2 rows"),
        ({"clothes": torch.tensor([0.0, 1.0])}, "one outfit for each"),
        ({"logits": torch.ones(7)}, r"logits \(B, C\)"),
        ({"epsilon": 1.5}, "between 0 and 1"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict, message: str) -> None:
    good = {
        "logits": torch.zeros(2, 7),
        "clothes": torch.tensor([0, 1]),
        "positives": torch.ones(2, 7, dtype=torch.bool),
    }
    with pytest.raises(ValueError, match=message):
        clothes_adversarial_loss(**{**good, **change})
