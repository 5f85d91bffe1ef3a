"""The identity loss against its formula, and its classifier."""

import math

import pytest
import torch
from torch import Tensor

from reid_core.losses import IdentityHead, IdentityLoss, label_smoothed_cross_entropy_loss


def naive(logits: Tensor, labels: Tensor, smoothing: float) -> float:
    total = 0.0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        normaliser = math.log(sum(math.exp(value) for value in row))
        for c, value in enumerate(row):
            target = (1 - smoothing) * (c == label) + smoothing / len(row)
            total -= target * (value - normaliser)
    return total / len(logits)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.7])
def test_equals_the_formula(smoothing: float) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(6, 5, generator=generator, dtype=torch.float64)
    labels = torch.tensor([0, 4, 2, 2, 1, 3])
    found = label_smoothed_cross_entropy_loss(logits, labels, smoothing=smoothing)
    assert found.item() == pytest.approx(naive(logits, labels, smoothing), rel=1e-12)


def test_gradcheck() -> None:
    logits = torch.randn(3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    labels = torch.tensor([0, 3, 1])
    assert torch.autograd.gradcheck(
        lambda x: label_smoothed_cross_entropy_loss(x, labels), (logits.requires_grad_(),)
    )


def test_half_precision_logits_are_widened() -> None:
    logits = torch.randn(4, 6, generator=torch.Generator().manual_seed(0)).bfloat16()
    labels = torch.tensor([0, 1, 2, 3])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = label_smoothed_cross_entropy_loss(logits, labels)
    assert found.dtype == torch.float32
    assert torch.equal(found, label_smoothed_cross_entropy_loss(logits.float(), labels))


def test_labels_of_any_integer_type() -> None:
    logits = torch.randn(2, 4, generator=torch.Generator().manual_seed(0))
    wide, narrow = (torch.tensor([0, 3], dtype=dtype) for dtype in (torch.int64, torch.int32))
    found = label_smoothed_cross_entropy_loss(logits, narrow)
    assert torch.equal(found, label_smoothed_cross_entropy_loss(logits, wide))


def test_the_head_starts_almost_undecided_and_has_no_bias() -> None:
    torch.manual_seed(0)
    head = IdentityHead(256, 300)
    assert head.bias is None
    assert head.weight.shape == (300, 256)
    assert head.weight.std().item() == pytest.approx(0.001, rel=0.02)
    assert abs(head.weight.mean().item()) < 1e-4


def test_an_untrained_identity_loss_is_the_logarithm_of_the_classes() -> None:
    torch.manual_seed(0)
    loss = IdentityLoss(16, 50)
    value = loss(torch.randn(8, 16), torch.arange(8))
    assert value.item() == pytest.approx(math.log(50), rel=1e-2)
    value.backward()
    assert loss.head.weight.grad.abs().sum() > 0


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="smoothing must be at least 0 and less than 1, not 1"):
        label_smoothed_cross_entropy_loss(torch.zeros(1, 2), torch.tensor([0]), smoothing=1)
    with pytest.raises(ValueError, match="expected integer labels"):
        IdentityLoss(4, 2)(torch.zeros(2, 4), torch.zeros(2))
    with pytest.raises(ValueError, match="at least one class, not 0"):
        IdentityHead(4, 0)
