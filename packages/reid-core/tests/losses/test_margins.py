"""Classifier heads with margins: by hand, at their edges, and the circle loss in loops."""

from __future__ import annotations

import math

import pytest
import torch

from reid_core.losses import (
    ArcFaceHead,
    CircleHead,
    CosFaceHead,
    CosineHead,
    SubCenterHead,
    arcface_logits,
    circle_logits,
    circle_loss,
    class_cosines,
    cosface_logits,
)


@pytest.mark.parametrize("degrees", [0.0, 30.0, 90.0, 150.0, 151.0, 180.0])
def test_arcface_turns_the_own_angle_and_keeps_falling_beyond_pi(degrees: float) -> None:
    angle, margin = math.radians(degrees), 0.5
    cosines = torch.tensor([[math.cos(angle), 0.25]], dtype=torch.float64)
    found = arcface_logits(cosines, torch.tensor([0]), margin=margin, scale=2.0)
    turned = math.cos(angle + margin)
    if angle + margin > math.pi:
        turned = math.cos(angle) - margin * math.sin(margin)
    torch.testing.assert_close(
        found, torch.tensor([[2 * turned, 0.5]], dtype=torch.float64), rtol=1e-5, atol=1e-5
    )


def test_arcface_has_a_finite_gradient_where_the_angle_is_zero() -> None:
    cosines = torch.tensor([[1.0, -1.0], [-1.0, 1.0]], requires_grad=True)
    arcface_logits(cosines, torch.tensor([0, 0])).sum().backward()
    assert cosines.grad.isfinite().all()


@pytest.mark.parametrize("logits", [arcface_logits, cosface_logits])
def test_gradcheck(logits) -> None:
    generator = torch.Generator().manual_seed(0)
    cosines = torch.rand(5, 4, generator=generator, dtype=torch.float64) * 1.8 - 0.9
    labels = torch.tensor([0, 3, 1, 1, 2])
    assert torch.autograd.gradcheck(lambda c: logits(c, labels), (cosines.requires_grad_(),))


def test_circle_logits_by_hand_and_without_a_gradient_through_the_weights() -> None:
    cosines = torch.tensor([[0.5, -0.1, -0.5]], requires_grad=True)
    found = circle_logits(cosines, torch.tensor([0]), margin=0.25, scale=10.0)
    # own: (1.25 - 0.5) (0.5 - 0.75); others: (-0.1 + 0.25) (-0.1 - 0.25), and [..]+ = 0.
    torch.testing.assert_close(found, torch.tensor([[-1.875, -0.525, 0.0]]))
    found.sum().backward()
    torch.testing.assert_close(cosines.grad, torch.tensor([[7.5, 1.5, 0.0]]))


@pytest.mark.parametrize("seed", range(3))
def test_the_pair_form_of_circle_loss_in_loops(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(6, 3, generator=generator, dtype=torch.float64)
    labels, margin, scale = [0, 0, 1, 1, 1, 4], 0.25, 16.0
    rows = torch.nn.functional.normalize(features, dim=1).tolist()
    values = []
    for i, anchor in enumerate(rows):
        near, far = [], []
        for j, row in enumerate(rows):
            s = sum(a * b for a, b in zip(anchor, row, strict=True))
            if j != i and labels[i] == labels[j]:
                near.append(math.exp(-scale * max(0, 1 + margin - s) * (s - 1 + margin)))
            elif j != i:
                far.append(math.exp(scale * max(0, s + margin) * (s - margin)))
        if near and far:
            values.append(math.log(1 + sum(near) * sum(far)))
    found = circle_loss(features, torch.tensor(labels), margin=margin, scale=scale)
    assert found.item() == pytest.approx(sum(values) / len(values), rel=1e-9)


def test_the_nearest_center_of_a_class_counts() -> None:
    weight = torch.tensor([[[1.0, 0.0], [0.0, 2.0]], [[-1.0, 0.0], [-3.0, 0.0]]])
    cosines = class_cosines(torch.tensor([[0.0, 5.0], [1.0, 0.0]]), weight)
    torch.testing.assert_close(cosines, torch.tensor([[1.0, 0.0], [1.0, -1.0]]))


HEADS = (CosineHead, ArcFaceHead, CosFaceHead, CircleHead, SubCenterHead)


@pytest.mark.parametrize("head", HEADS)
def test_heads_are_exact_within_autocast_and_learn(head: type[CosineHead]) -> None:
    torch.manual_seed(0)
    built = head(64, 9)
    embeddings, labels = torch.randn(6, 64).bfloat16(), torch.tensor([0, 8, 3, 3, 1, 2])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = built(embeddings, labels)
    assert found.dtype == torch.float32
    assert found.shape == (6, 9)
    assert torch.equal(found, built(embeddings.float(), labels))
    found.sum().backward()
    assert built.weight.grad.abs().sum() > 0
    assert [name for name, _ in built.named_parameters()] == ["weight"]


@pytest.mark.parametrize("head", HEADS)
def test_a_margin_makes_the_own_class_harder(head: type[CosineHead]) -> None:
    torch.manual_seed(0)
    built, embeddings = head(16, 5), torch.randn(20, 16)
    labels = torch.arange(20) % 5
    own = built(embeddings, labels).gather(1, labels[:, None])
    plain = built.scale * class_cosines(embeddings, built.weight).gather(1, labels[:, None])
    assert (own <= plain + 1e-5).all() or head is CircleHead


@pytest.mark.parametrize("head", HEADS)
def test_bad_input_is_named(head: type[CosineHead]) -> None:
    with pytest.raises(ValueError, match="at least one class, not 0"):
        head(4, 0)
    with pytest.raises(ValueError, match="scale must be more than 0, not 0"):
        head(4, 2, scale=0)
    with pytest.raises(ValueError, match="came 2 features and 3 labels"):
        head(4, 2)(torch.zeros(2, 4), torch.zeros(3).long())
    with pytest.raises(ValueError, match=r"\(2, 5\) and \(2,"):
        head(4, 2)(torch.zeros(2, 5), torch.zeros(2).long())


def test_bad_margins_are_named() -> None:
    cosines, labels = torch.zeros(1, 2), torch.tensor([0])
    with pytest.raises(ValueError, match=r"an angle from 0 to pi, not 28\.6"):
        arcface_logits(cosines, labels, margin=28.6)
    with pytest.raises(ValueError, match="margin must be at least 0, not -1"):
        cosface_logits(cosines, labels, margin=-1)
    with pytest.raises(ValueError, match="at least one center, not 0"):
        SubCenterHead(4, 2, centers=0)
