"""Losses that pytorch-metric-learning has too, against it: values and gradients."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from pytorch_metric_learning import losses, miners
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.reducers import AvgNonZeroReducer, MeanReducer
from torch import Tensor

from reid_core.losses import (
    ArcFaceHead,
    CosFaceHead,
    CosineHead,
    SubCenterHead,
    all_triplets_loss,
    batch_hard_triplet_loss,
    circle_loss,
    contrastive_loss,
    label_smoothed_cross_entropy_loss,
    multi_similarity_loss,
    smooth_ap_loss,
    supervised_contrastive_loss,
)

Loss = Callable[[Tensor, Tensor], Tensor]
PLAIN = LpDistance(normalize_embeddings=False)
UNEVEN = torch.tensor([0, 0, 1, 1, 1, 2, 4, 2, 0])
EVEN = torch.tensor([0, 0, 0, 1, 1, 1, 2, 2, 2])


def mined(loss: torch.nn.Module, miner: torch.nn.Module) -> Loss:
    return lambda features, labels: loss(features, labels, miner(features, labels))


CASES: dict[str, tuple[Loss, Loss, Tensor]] = {
    "batch hard": (
        lambda f, y: batch_hard_triplet_loss(f, y, margin=2.0),
        mined(
            losses.TripletMarginLoss(margin=2.0, distance=PLAIN, reducer=MeanReducer()),
            miners.BatchHardMiner(distance=PLAIN),
        ),
        UNEVEN,
    ),
    "all triplets that are active": (
        lambda f, y: all_triplets_loss(f, y, margin=0.5),
        losses.TripletMarginLoss(margin=0.5, distance=PLAIN, reducer=AvgNonZeroReducer()),
        UNEVEN,
    ),
    "all triplets, soft margin": (
        lambda f, y: all_triplets_loss(f, y, margin=None, average="all"),
        losses.TripletMarginLoss(
            margin=0.0, smooth_loss=True, distance=PLAIN, reducer=MeanReducer()
        ),
        UNEVEN,
    ),
    "contrastive, without squares": (
        lambda f, y: contrastive_loss(f, y, margin=4.0, positive_margin=0.5, squared=False),
        losses.ContrastiveLoss(
            pos_margin=0.5, neg_margin=4.0, distance=PLAIN, reducer=MeanReducer()
        ),
        UNEVEN,
    ),
    "supervised contrastive": (supervised_contrastive_loss, losses.SupConLoss(), UNEVEN),
    "circle": (
        lambda f, y: circle_loss(f, y, margin=0.4, scale=80),
        losses.CircleLoss(m=0.4, gamma=80),
        UNEVEN,
    ),
    "multi-similarity of all pairs": (
        lambda f, y: multi_similarity_loss(f, y, base=0.5, epsilon=None),
        losses.MultiSimilarityLoss(alpha=2, beta=50, base=0.5),
        UNEVEN,
    ),
    "multi-similarity of mined pairs": (
        lambda f, y: multi_similarity_loss(f, y, base=0.5, epsilon=0.1),
        mined(
            losses.MultiSimilarityLoss(alpha=2, beta=50, base=0.5),
            miners.MultiSimilarityMiner(epsilon=0.1),
        ),
        UNEVEN,
    ),
    # It takes identities of one size only, and counts the query among what it retrieves.
    "smooth AP": (
        lambda f, y: smooth_ap_loss(f, y, temperature=0.05, count_query=True),
        losses.SmoothAPLoss(temperature=0.05),
        EVEN,
    ),
}


@pytest.mark.parametrize(("ours", "theirs", "labels"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("seed", range(3))
def test_pair_losses(ours: Loss, theirs: Loss, labels: Tensor, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(9, 5, generator=generator, dtype=torch.float64)
    mine, reference = features.clone().requires_grad_(), features.clone().requires_grad_()
    value, expected = ours(mine, labels), theirs(reference, labels)
    # Theirs, where it is the mean of single precision values.
    torch.testing.assert_close(value, expected.double(), rtol=1e-6, atol=1e-9)
    value.backward()
    expected.backward()
    torch.testing.assert_close(mine.grad, reference.grad, rtol=1e-5, atol=1e-8)


DEGREES = math.degrees(0.5)
HEADS = {
    "cosine": (CosineHead(5, 6, scale=20), losses.NormalizedSoftmaxLoss(6, 5, temperature=0.05)),
    "ArcFace": (ArcFaceHead(5, 6), losses.ArcFaceLoss(6, 5, margin=DEGREES, scale=64)),
    "CosFace": (CosFaceHead(5, 6), losses.CosFaceLoss(6, 5, margin=0.35, scale=64)),
    "sub-center": (
        SubCenterHead(5, 6, centers=2),
        losses.SubCenterArcFaceLoss(
            num_classes=6, embedding_size=5, margin=DEGREES, scale=64, sub_centers=2
        ),
    ),
}


@pytest.mark.parametrize(("head", "theirs"), HEADS.values(), ids=HEADS)
def test_heads(head: CosineHead, theirs: torch.nn.Module) -> None:
    generator = torch.Generator().manual_seed(0)
    embeddings = torch.randn(40, 5, generator=generator, dtype=torch.float64)
    labels = torch.randint(0, 6, (40,), generator=generator)
    head.double()
    theirs.double()
    theirs.W.data = head.weight.data.flatten(0, -2).T.clone()
    value = label_smoothed_cross_entropy_loss(head(embeddings, labels), labels, smoothing=0)
    expected = theirs(embeddings, labels)
    torch.testing.assert_close(value, expected, rtol=1e-6, atol=1e-9)
    value.backward()
    expected.backward()
    gradient = theirs.W.grad.T.reshape(head.weight.shape)
    torch.testing.assert_close(head.weight.grad, gradient, rtol=1e-5, atol=1e-8)
