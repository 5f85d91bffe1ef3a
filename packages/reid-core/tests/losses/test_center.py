"""The center loss against a loop."""

import pytest
import torch

from reid_core.losses import CenterLoss, center_loss


def test_equals_a_naive_loop_without_the_half() -> None:
    generator = torch.Generator().manual_seed(0)
    features, centers = (torch.randn(n, 4, generator=generator).double() for n in (5, 3))
    labels = [2, 0, 0, 1, 2]
    expected = 0.0
    for feature, label in zip(features.tolist(), labels, strict=True):
        expected += sum((f - c) ** 2 for f, c in zip(feature, centers[label].tolist(), strict=True))
    found = center_loss(features, torch.tensor(labels), centers)
    assert found.item() == pytest.approx(expected / 5, rel=1e-12)


def test_gradcheck_of_features_and_centers() -> None:
    generator = torch.Generator().manual_seed(0)
    features, centers = (torch.randn(n, 3, generator=generator).double() for n in (4, 2))
    labels = torch.tensor([0, 1, 1, 0])
    assert torch.autograd.gradcheck(
        lambda f, c: center_loss(f, labels, c),
        (features.requires_grad_(), centers.requires_grad_()),
    )


def test_the_module_learns_centers_drawn_from_a_normal_distribution() -> None:
    torch.manual_seed(0)
    loss = CenterLoss(200, 100)
    assert loss.centers.shape == (100, 200)
    assert loss.centers.std().item() == pytest.approx(1, rel=0.02)
    loss(torch.zeros(2, 200), torch.tensor([3, 3])).backward()
    touched = loss.centers.grad.abs().sum(dim=1).nonzero().flatten()
    assert touched.tolist() == [3]


def test_half_precision_features_and_small_labels() -> None:
    features = torch.randn(3, 4, generator=torch.Generator().manual_seed(0)).bfloat16()
    centers, labels = torch.ones(2, 4), torch.tensor([0, 1, 1])
    found = center_loss(features, labels.to(torch.uint8), centers)
    assert found.dtype == torch.float32
    assert torch.equal(found, center_loss(features.float(), labels, centers))


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match=r"expected centers \(C, 4\).*came \(2, 3\)"):
        center_loss(torch.zeros(2, 4), torch.tensor([0, 1]), torch.zeros(2, 3))
    with pytest.raises(ValueError, match="expected integer labels"):
        center_loss(torch.zeros(2, 4), torch.zeros(2), torch.zeros(2, 4))
