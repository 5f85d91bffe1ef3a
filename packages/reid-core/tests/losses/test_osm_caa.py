"""OSM-CAA against loops over pairs."""

from __future__ import annotations

import math

import pytest
import torch

from reid_core.losses import OsmCaaLoss, osm_caa_loss


def unit(row: list[float]) -> list[float]:
    return [value / math.hypot(*row) for value in row]


def dot(first: list[float], second: list[float]) -> float:
    return sum(a * b for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("temperature", [1.0, 0.1])
@pytest.mark.parametrize(("alpha", "sigma", "balance"), [(1.2, 0.8, 0.5), (2.0709, 0.1986, 0.4835)])
def test_equals_a_naive_loop(
    alpha: float, sigma: float, balance: float, temperature: float
) -> None:
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(7, 3, generator=generator, dtype=torch.float64)
    centers = torch.randn(4, 3, generator=generator, dtype=torch.float64)
    labels = [0, 3, 3, 1, 0, 0, 2]
    rows = [unit(row) for row in features.tolist()]
    attention = []
    for row, label in zip(rows, labels, strict=True):
        scores = [math.exp(dot(row, unit(c)) / temperature) for c in centers.tolist()]
        attention.append(scores[label] / sum(scores))
    near, far = [], []
    for i, a in enumerate(rows):
        for j, b in enumerate(rows):
            d, both = math.dist(a, b), min(attention[i], attention[j])
            if i != j and labels[i] == labels[j]:
                near.append((both * math.exp(-(d**2) / sigma**2), d**2))
            elif i != j:
                far.append((both * max(0, alpha - d), max(0, alpha - d) ** 2))
    sides = [sum(w * v for w, v in side) / sum(w for w, _ in side) / 2 for side in (near, far)]
    found = osm_caa_loss(
        features,
        torch.tensor(labels),
        centers,
        alpha=alpha,
        sigma=sigma,
        balance=balance,
        temperature=temperature,
    )
    expected = (1 - balance) * sides[0] + balance * sides[1]
    assert found.item() == pytest.approx(expected, rel=1e-9)


def test_gradcheck_of_the_class_vectors() -> None:
    generator = torch.Generator().manual_seed(0)
    features, centers = (
        torch.randn(n, 3, generator=generator, dtype=torch.float64) for n in (5, 2)
    )
    labels = torch.tensor([0, 1, 1, 0, 1])
    assert torch.autograd.gradcheck(
        lambda c: osm_caa_loss(features, labels, c), (centers.requires_grad_(),)
    )


def test_far_positives_under_a_narrow_weight_still_learn_in_float32() -> None:
    # exp(-d^2 / sigma^2) of opposite features is 1e-44 here, no float32 that one can divide by.
    features = torch.tensor([[1.0, 0.1], [-1.0, 0.1]], requires_grad=True)
    loss = osm_caa_loss(features, torch.tensor([0, 0]), torch.eye(2), sigma=0.1986)
    loss.backward()
    assert loss.item() == pytest.approx(0.25 * 4 / 1.01, rel=1e-5)
    assert features.grad.abs().sum() > 0


def test_the_module_learns_its_class_vectors() -> None:
    torch.manual_seed(0)
    loss, features = OsmCaaLoss(3, 4, alpha=1.5, balance=0.3), torch.randn(5, 3)
    labels = torch.tensor([0, 0, 1, 2, 1])
    value = loss(features, labels)
    assert torch.equal(
        value, osm_caa_loss(features, labels, loss.class_vectors, alpha=1.5, balance=0.3)
    )
    value.backward()
    assert loss.class_vectors.grad.abs().sum() > 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"alpha": 0.0}, "alpha must be more than 0, not 0.0"),
        ({"sigma": -1.0}, "sigma must be more than 0"),
        ({"temperature": 0.0}, "temperature must be more than 0"),
        ({"balance": 1.5}, "balance must be from 0 to 1, not 1.5"),
    ],
)
def test_bad_settings_are_named(settings: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        osm_caa_loss(torch.ones(2, 3), torch.tensor([0, 0]), torch.ones(2, 3), **settings)


def test_class_vectors_of_another_length_are_named() -> None:
    with pytest.raises(ValueError, match=r"expected class vectors \(C, 3\).*came \(2, 4\)"):
        osm_caa_loss(torch.ones(2, 3), torch.tensor([0, 0]), torch.ones(2, 4))
