"""Weighted triplets, centroids and octuplets against loops over anchors."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from reid_core.losses import centroid_triplet_loss, octuplet_loss, weighted_triplet_loss

Rows = list[list[float]]
LABELS = [[0, 0, 1, 1, 2, 2], [5, 5, 5, -1, -1, 9], [0, 1, 0, 2, 1, 0, 1], [7, 7, 8]]


def drawn(many: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(many, 4, generator=generator, dtype=torch.float64)


def hinge(gap: float, margin: float | None) -> float:
    return math.log1p(math.exp(gap)) if margin is None else max(0.0, gap + margin)


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def middle(rows: Rows) -> list[float]:
    return [mean(list(column)) for column in zip(*rows, strict=True)]


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("seed", range(2))
def test_weighted_triplets(labels: list[int], seed: int) -> None:
    rows, values = drawn(len(labels), seed).tolist(), []
    for a, anchor in enumerate(rows):
        gaps = [(b, math.dist(anchor, row)) for b, row in enumerate(rows) if b != a]
        near = [d for b, d in gaps if labels[b] == labels[a]]
        far = [d for b, d in gaps if labels[b] != labels[a]]
        if near and far:
            pull = sum(math.exp(d) * d for d in near) / sum(math.exp(d) for d in near)
            push = sum(math.exp(-d) * d for d in far) / sum(math.exp(-d) for d in far)
            values.append(hinge(pull - push, None))
    found = weighted_triplet_loss(drawn(len(labels), seed), torch.tensor(labels))
    assert found.item() == pytest.approx(mean(values), rel=1e-10)


def naive_paper(rows: Rows, labels: list[int], margin: float | None) -> float:
    values = []
    for a, anchor in enumerate(rows):
        mine = [row for b, row in enumerate(rows) if b != a and labels[b] == labels[a]]
        others = {
            k: middle([row for row, label in zip(rows, labels, strict=True) if label == k])
            for k in set(labels) - {labels[a]}
        }
        if mine and others:
            nearest = min(math.dist(anchor, center) ** 2 for center in others.values())
            values.append(hinge(math.dist(anchor, middle(mine)) ** 2 - nearest, margin))
    return mean(values)


def naive_published(rows: Rows, labels: list[int], margin: float | None) -> float:
    images = {k: [r for r, y in zip(rows, labels, strict=True) if y == k] for k in set(labels)}
    images = {k: of for k, of in images.items() if len(of) > 1}
    rounds = []
    for i in range(max((len(of) for of in images.values()), default=0)):
        here = {k: of for k, of in images.items() if len(of) > i}
        points = [(k, of[i]) for k, of in here.items()]
        points += [(k, middle(of[:i] + of[i + 1 :])) for k, of in here.items()]
        if len(here) < 2:
            continue
        values = []
        for a, (k, anchor) in enumerate(points):
            gaps = [(kind, math.dist(anchor, p)) for b, (kind, p) in enumerate(points) if b != a]
            farthest = max(d for kind, d in gaps if kind == k)
            nearest = min(d for kind, d in gaps if kind != k)
            values.append(hinge(farthest - nearest, margin))
        rounds.append(mean(values))
    return mean(rounds)


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("margin", [0.5, 25.0, None])
@pytest.mark.parametrize("form", ["paper", "published"])
def test_centroid_triplets(labels: list[int], margin: float | None, form: str) -> None:
    naive = naive_paper if form == "paper" else naive_published
    for seed in range(3):
        features = drawn(len(labels), seed)
        found = centroid_triplet_loss(features, torch.tensor(labels), margin=margin, form=form)
        assert found.item() == pytest.approx(naive(features.tolist(), labels, margin), rel=1e-10)


def naive_octuplet(
    high: Rows, low: Rows, labels: list[int], margin: float | None, parts: list[str], twin: bool
) -> float:
    total = 0.0
    for part in parts:
        # Positive and negative always come in one resolution.
        anchors, others = (high if letter == "h" else low for letter in part[:2])
        assert part[1] == part[2]
        values = []
        for a, anchor in enumerate(anchors):
            gaps = [math.dist(anchor, other) for other in others]
            itself = {a} if not (twin and part[0] != part[1]) else set()
            near = [d for j, d in enumerate(gaps) if labels[j] == labels[a] and j not in itself]
            far = [d for j, d in enumerate(gaps) if labels[j] != labels[a]]
            if near and far:
                values.append(hinge(max(near) - min(far), margin))
        total += mean(values)
    return total


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("margin", [0.5, 25.0, None])
@pytest.mark.parametrize("parts", [["hhh", "hll", "lhh", "lll"], ["lhh"], ["hll", "hhh"]])
@pytest.mark.parametrize("twin", [False, True])
def test_octuplets(labels: list[int], margin: float | None, parts: list[str], twin: bool) -> None:
    high, low = drawn(len(labels), 0), drawn(len(labels), 1)
    found = octuplet_loss(
        high, low, torch.tensor(labels), margin=margin, parts=parts, own_twin=twin
    )
    expected = naive_octuplet(high.tolist(), low.tolist(), labels, margin, parts, twin)
    assert found.item() == pytest.approx(expected, rel=1e-10)


def test_a_twin_far_from_its_original_counts_only_as_its_own_positive() -> None:
    high, low = torch.tensor([[0.0], [1.0]]), torch.tensor([[9.0], [1.5]])
    labels = torch.tensor([0, 1])
    plain = octuplet_loss(high, low, labels, margin=1.0)
    assert plain.item() == 0  # nobody has another image
    with_twins = octuplet_loss(high, low, labels, margin=1.0, own_twin=True)
    # hll: 9 - 1.5 + 1 and 0.5 - 8 + 1 -> 0; lhh: 9 - 8 + 1 and 0.5 - 1.5 + 1 = 0.
    assert with_twins.item() == pytest.approx((8.5 + 0) / 2 + (2 + 0) / 2)


def test_bad_settings_are_named() -> None:
    features, labels = torch.zeros(2, 3), torch.tensor([0, 0])
    with pytest.raises(ValueError, match="form must be 'paper' or 'published', not 'code'"):
        centroid_triplet_loss(features, labels, form="code")
    with pytest.raises(ValueError, match=r"came \(2, 3\) and \(3, 3\)"):
        octuplet_loss(features, torch.zeros(3, 3), labels)
    for parts in ([], ["hhl"], ["hhh", "hhh"]):
        with pytest.raises(ValueError, match="parts must be some of hhh, hll, lhh, lll, each once"):
            octuplet_loss(features, features, labels, parts=parts)
