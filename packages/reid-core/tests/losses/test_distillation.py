"""Distillation against its formulas, and to whom gradients flow."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from reid_core.losses import (
    CosineDistillationLoss,
    KlDistillationLoss,
    MseDistillationLoss,
    cosine_distillation_loss,
    kl_distillation_loss,
    mse_distillation_loss,
)

LOSSES = (kl_distillation_loss, mse_distillation_loss, cosine_distillation_loss)


def drawn(seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(4, 5, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("temperature", [0.8, 1.0, 4.0])
def test_kl_is_the_divergence_from_the_teacher(temperature: float) -> None:
    student, teacher, total = drawn(0), drawn(1), 0.0
    for mine, theirs in zip(student.tolist(), teacher.tolist(), strict=True):
        p, q = (
            [math.exp(v / temperature) / sum(math.exp(w / temperature) for w in row) for v in row]
            for row in (theirs, mine)
        )
        total += sum(a * math.log(a / b) for a, b in zip(p, q, strict=True))
    rows = kl_distillation_loss(student, teacher, temperature=temperature)
    entries = kl_distillation_loss(student, teacher, temperature=temperature, mean="entries")
    assert rows.item() == pytest.approx(temperature**2 * total / 4, rel=1e-9)
    assert entries.item() == pytest.approx(temperature**2 * total / 20, rel=1e-9)


def test_features_by_hand() -> None:
    student, teacher = (
        torch.tensor([[3.0, 4.0], [0.0, 2.0]]),
        torch.tensor([[5.0, 0.0], [0.0, 1.0]]),
    )
    assert cosine_distillation_loss(student, teacher).item() == pytest.approx(0.4 / 2)
    # Unit vectors: (0.6, 0.8) - (1, 0), then the same twice.
    assert mse_distillation_loss(student, teacher).item() == pytest.approx(0.8 / 2)
    plain = mse_distillation_loss(student, teacher, normalize=False)
    assert plain.item() == pytest.approx((4 + 16 + 1) / 2)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_perfect_student_has_nothing_to_learn(loss) -> None:
    student = drawn(0).requires_grad_()
    value = loss(student, drawn(0))
    value.backward()
    assert value.item() == pytest.approx(0, abs=1e-12)
    torch.testing.assert_close(student.grad, torch.zeros_like(student))


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_flow_to_the_teacher_only_where_asked(loss) -> None:
    student, teacher = drawn(0).requires_grad_(), drawn(1).requires_grad_()
    loss(student, teacher).backward()
    assert teacher.grad is None
    assert student.grad.abs().sum() > 0
    loss(student, teacher, detach=False).backward()
    assert teacher.grad.abs().sum() > 0
    assert torch.autograd.gradcheck(lambda s, t: loss(s, t, detach=False), (student, teacher))


@pytest.mark.parametrize("loss", LOSSES)
def test_half_precision_is_widened_also_within_autocast(loss) -> None:
    student, teacher = drawn(0).bfloat16(), drawn(1).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = loss(student, teacher)
    assert found.dtype == torch.float32
    assert torch.equal(found, loss(student.float(), teacher.float()))


def test_the_modules_only_keep_the_settings() -> None:
    student, teacher = drawn(0), drawn(1)
    pairs = [
        (
            KlDistillationLoss(temperature=2, mean="entries"),
            kl_distillation_loss,
            {"temperature": 2, "mean": "entries"},
        ),
        (MseDistillationLoss(normalize=False), mse_distillation_loss, {"normalize": False}),
        (CosineDistillationLoss(detach=False), cosine_distillation_loss, {"detach": False}),
    ]
    for module, function, settings in pairs:
        assert torch.equal(module(student, teacher), function(student, teacher, **settings))


@pytest.mark.parametrize("loss", LOSSES)
def test_shapes_that_differ_are_named(loss) -> None:
    with pytest.raises(ValueError, match=r"of one shape, came \(4, 5\) and \(4, 6\)"):
        loss(drawn(0), torch.zeros(4, 6))


def test_bad_settings_are_named() -> None:
    with pytest.raises(ValueError, match="temperature must be more than 0, not 0"):
        kl_distillation_loss(drawn(0), drawn(1), temperature=0)
    with pytest.raises(ValueError, match="mean must be over 'rows' or 'entries', not 'batch'"):
        kl_distillation_loss(drawn(0), drawn(1), mean="batch")
