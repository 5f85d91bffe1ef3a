"""Modules keep the settings of their functions, and bad settings are refused by name."""

from __future__ import annotations

import pytest
import torch

from reid_core import losses

LABELS = torch.tensor([0, 0, 1, 1, 2, 2])
CASES = [
    (
        losses.BatchHardTripletLoss,
        losses.batch_hard_triplet_loss,
        {"margin": 9.0, "metric": "cosine"},
    ),
    (losses.WeightedTripletLoss, losses.weighted_triplet_loss, {"metric": "squared_euclidean"}),
    (
        losses.AllTripletsLoss,
        losses.all_triplets_loss,
        {"margin": None, "metric": "cosine", "average": "all"},
    ),
    (
        losses.CentroidTripletLoss,
        losses.centroid_triplet_loss,
        {"margin": 7.0, "form": "published"},
    ),
    (losses.CircleLoss, losses.circle_loss, {"margin": 0.4, "scale": 3.0}),
    (
        losses.ContrastiveLoss,
        losses.contrastive_loss,
        {"margin": 5.0, "positive_margin": 0.1, "metric": "cosine", "squared": False},
    ),
    (losses.SupervisedContrastiveLoss, losses.supervised_contrastive_loss, {"temperature": 0.7}),
    (
        losses.MultiSimilarityLoss,
        losses.multi_similarity_loss,
        {"alpha": 3.0, "beta": 7.0, "base": 0.2, "epsilon": None},
    ),
    (losses.SmoothAPLoss, losses.smooth_ap_loss, {"temperature": 0.3, "count_query": True}),
]


@pytest.mark.parametrize(("module", "function", "settings"), CASES)
def test_each_setting_arrives(module, function, settings) -> None:
    features = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    value = module(**settings)(features, LABELS)
    assert torch.equal(value, function(features, LABELS, **settings))
    assert not torch.equal(value, function(features, LABELS))


def test_the_octuplet_module_keeps_its_settings_too() -> None:
    generator = torch.Generator().manual_seed(0)
    high, low = torch.randn(6, 4, generator=generator), torch.randn(6, 4, generator=generator)
    settings = {"margin": 9.0, "metric": "cosine", "parts": ["hll"], "own_twin": True}
    value = losses.OctupletLoss(**settings)(high, low, LABELS)
    assert torch.equal(value, losses.octuplet_loss(high, low, LABELS, **settings))


@pytest.mark.parametrize(
    ("function", "settings", "said"),
    [
        (losses.circle_loss, {"scale": 0.0}, "scale must be more than 0"),
        (losses.supervised_contrastive_loss, {"temperature": 0.0}, "temperature must be more than"),
        (losses.smooth_ap_loss, {"temperature": -1.0}, "temperature must be more than 0, not -1"),
        (losses.multi_similarity_loss, {"alpha": 0.0}, "alpha must be more than 0"),
        (losses.multi_similarity_loss, {"beta": torch.nan}, "beta must be more than 0, not nan"),
        (losses.all_triplets_loss, {"average": "sum"}, "average must be 'all' or 'active', not"),
        (losses.weighted_triplet_loss, {"metric": "l1"}, "metric must be 'euclidean', 'squared_"),
    ],
)
def test_bad_settings_are_named(function, settings, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        function(torch.randn(6, 4), LABELS, **settings)


def test_all_active_triplets_of_a_learned_batch_are_none() -> None:
    features = torch.tensor([[0.0], [0.1], [9.0]], requires_grad=True)
    value = losses.all_triplets_loss(features, torch.tensor([0, 0, 1]))
    value.backward()
    assert value.item() == 0
    assert torch.equal(features.grad, torch.zeros(3, 1))


def test_outliers_are_like_everybody() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(4, 5, generator=generator, dtype=torch.float64)
    known = losses.label_smoothed_cross_entropy_loss(
        logits[:3], torch.tensor([4, 0, 2]), smoothing=0.1
    )
    uniform = -logits[3].log_softmax(0).mean()
    found = losses.outlier_cross_entropy_loss(logits, torch.tensor([4, 0, 2, -1]), smoothing=0.1)
    assert found.item() == pytest.approx(((3 * known + uniform) / 4).item(), rel=1e-12)
