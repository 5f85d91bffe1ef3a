"""What holds for every loss of features and labels, whatever it computes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from reid_core.losses import (
    all_triplets_loss,
    arcface_logits,
    batch_hard_triplet_loss,
    center_loss,
    centroid_triplet_loss,
    circle_logits,
    circle_loss,
    class_cosines,
    cluster_contrast_loss,
    contrastive_loss,
    cosface_logits,
    label_smoothed_cross_entropy_loss,
    multi_similarity_loss,
    octuplet_loss,
    osm_caa_loss,
    outlier_cross_entropy_loss,
    smooth_ap_loss,
    supervised_contrastive_loss,
    variance_loss,
    weighted_triplet_loss,
)
from reid_core.losses.precision import at_least_float32

Loss = Callable[[Tensor, Tensor], Tensor]

SIZE, CLASSES = 8, 6


def class_vectors(features: Tensor, *more: int) -> Tensor:
    shape = (CLASSES, *more, SIZE)
    drawn = torch.randn(shape, generator=torch.Generator().manual_seed(9))
    return drawn.to(at_least_float32(features))


def low(features: Tensor) -> Tensor:
    features = at_least_float32(features)
    return features.roll(1, dims=1) * 0.5 + features


# Pairs of one identity are compared with pairs of two: without both there is nothing to learn.
NEED_BOTH: dict[str, Loss] = {
    "batch hard": lambda f, y: batch_hard_triplet_loss(f, y, margin=5.0),
    "batch hard, soft margin": lambda f, y: batch_hard_triplet_loss(f, y, margin=None),
    "batch hard, squared": lambda f, y: batch_hard_triplet_loss(
        f, y, margin=5.0, metric="squared_euclidean"
    ),
    "weighted": weighted_triplet_loss,
    "all triplets": lambda f, y: all_triplets_loss(f, y, margin=2.0),
    "all triplets, soft margin": lambda f, y: all_triplets_loss(f, y, margin=None, average="all"),
    "centroids": lambda f, y: centroid_triplet_loss(f, y, margin=5.0),
    "centroids, published": lambda f, y: centroid_triplet_loss(f, y, margin=5.0, form="published"),
    "octuplet": lambda f, y: octuplet_loss(f, low(f), y, margin=5.0),
    "circle": lambda f, y: circle_loss(f, y, scale=4.0),
}
NEED_A_POSITIVE: dict[str, Loss] = {
    "supervised contrastive": supervised_contrastive_loss,
    "smooth AP": lambda f, y: smooth_ap_loss(f, y, temperature=0.2),
    "smooth AP, soft": lambda f, y: smooth_ap_loss(f, y, temperature=1.0),
    "variance": variance_loss,
}
OTHERS: dict[str, Loss] = {
    "octuplet with twins": lambda f, y: octuplet_loss(f, low(f), y, margin=5.0, own_twin=True),
    "contrastive": lambda f, y: contrastive_loss(f, y, margin=5.0),
    "multi-similarity": multi_similarity_loss,
    "center": lambda f, y: center_loss(f, y, class_vectors(f)),
    "OSM-CAA": lambda f, y: osm_caa_loss(f, y, class_vectors(f)),
    "OSM-CAA, narrow": lambda f, y: osm_caa_loss(f, y, class_vectors(f), sigma=0.1, alpha=2.0),
    "cluster contrast": lambda f, y: cluster_contrast_loss(f, y, class_vectors(f)),
    "cross entropy": lambda f, y: label_smoothed_cross_entropy_loss(f, y),
    "outliers": lambda f, y: outlier_cross_entropy_loss(f, y, smoothing=0.1),
    "ArcFace": lambda f, y: label_smoothed_cross_entropy_loss(
        arcface_logits(class_cosines(f, class_vectors(f)), y), y
    ),
    "CosFace": lambda f, y: label_smoothed_cross_entropy_loss(
        cosface_logits(class_cosines(f, class_vectors(f)), y), y
    ),
    "circle head": lambda f, y: label_smoothed_cross_entropy_loss(
        circle_logits(class_cosines(f, class_vectors(f)), y), y
    ),
    "sub-centers": lambda f, y: label_smoothed_cross_entropy_loss(
        arcface_logits(class_cosines(f, class_vectors(f, 3)), y), y
    ),
}
EVERY = NEED_BOTH | NEED_A_POSITIVE | OTHERS
WEIGHTS_STAND_STILL = ("circle", "circle head")  # no gradient through some factors, by definition

every_loss = pytest.mark.parametrize("loss", EVERY.values(), ids=EVERY)
PAIRS = torch.tensor([0, 0, 1, 1, 4, 0, 1])


def features_of(many: int, *, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(many, SIZE, generator=generator, dtype=torch.float64)


@every_loss
def test_is_a_scalar_that_learns_and_leaves_its_input_alone(loss: Loss) -> None:
    features, labels = features_of(7), PAIRS.clone()
    before = features.clone()
    features.requires_grad_()
    value = loss(features, labels)
    value.backward()
    assert value.shape == ()
    assert value.dtype == torch.float64
    assert value > 0
    assert features.grad.abs().sum() > 0
    assert torch.equal(features.detach(), before)
    assert torch.equal(labels, PAIRS)


@pytest.mark.parametrize("name", [name for name in EVERY if name not in WEIGHTS_STAND_STILL])
def test_gradients_are_those_of_the_value(name: str) -> None:
    features = features_of(7, seed=3).requires_grad_()
    assert torch.autograd.gradcheck(lambda f: EVERY[name](f, PAIRS), (features,))


@every_loss
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_widened_first_also_within_autocast(
    loss: Loss, dtype: torch.dtype
) -> None:
    rounded = (features_of(7) + 100).to(dtype)  # far from the origin, where rounding would show
    exact = loss(rounded.float(), PAIRS)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = loss(rounded, PAIRS)
    assert found.dtype == torch.float32
    assert torch.equal(found, exact)


@every_loss
def test_gradients_of_a_loss_in_autocast_are_as_exact_as_its_value(loss: Loss) -> None:
    exact, found = (features_of(7).float().requires_grad_() for _ in range(2))
    loss(exact, PAIRS).backward()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = loss(found, PAIRS)
    value.backward()
    assert torch.equal(found.grad, exact.grad)


@pytest.mark.parametrize("name", [name for name in EVERY if name != "centroids, published"])
def test_the_order_of_the_batch_does_not_matter(name: str) -> None:
    features, order = features_of(7), torch.tensor([4, 2, 6, 0, 5, 3, 1])
    expected = EVERY[name](features, PAIRS)
    torch.testing.assert_close(EVERY[name](features[order], PAIRS[order]), expected)


@every_loss
@pytest.mark.parametrize("labels", [[3], [2, 2], [0, 1, 2, 3], [5, 5, 5, 5], [0, 0, 1]])
def test_batches_that_lack_pairs_have_finite_values_and_gradients(
    loss: Loss, labels: list[int]
) -> None:
    features = features_of(len(labels)).float().requires_grad_()
    value = loss(features, torch.tensor(labels))
    value.backward()
    assert value.isfinite()
    assert features.grad.isfinite().all()


@pytest.mark.parametrize(
    ("name", "labels"),
    [(name, labels) for name in NEED_BOTH for labels in ([0, 1, 2], [1, 1, 1], [4])]
    + [(name, labels) for name in NEED_A_POSITIVE for labels in ([0, 1, 2], [4])],
)
def test_nothing_to_learn_is_zero_and_still_a_part_of_the_graph(
    name: str, labels: list[int]
) -> None:
    features = features_of(len(labels)).requires_grad_()
    value = EVERY[name](features, torch.tensor(labels))
    value.backward()
    assert value.item() == pytest.approx(0, abs=1e-12)
    torch.testing.assert_close(features.grad, torch.zeros_like(features))


@every_loss
@pytest.mark.parametrize("scale", [0.0, 1e-6, 1e3])
def test_equal_tiny_and_large_features_have_finite_gradients(loss: Loss, scale: float) -> None:
    features = (features_of(7) * scale).float()
    features[1] = features[0]
    features[5] = -features[2]
    features.requires_grad_()
    loss(features, PAIRS).backward()
    assert features.grad.isfinite().all()


@every_loss
@pytest.mark.parametrize("wrong", [torch.nan, torch.inf])
def test_what_is_no_number_shows(loss: Loss, wrong: float) -> None:
    features = features_of(7)
    features[2, 3] = wrong
    assert not loss(features, PAIRS).isfinite()


@every_loss
@pytest.mark.parametrize("dtype", [torch.int32, torch.uint8])
def test_labels_of_any_integer_type(loss: Loss, dtype: torch.dtype) -> None:
    features = features_of(7)
    assert torch.equal(loss(features, PAIRS.to(dtype)), loss(features, PAIRS))


@every_loss
@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (torch.zeros(7), r"expected integer labels \(B,\), came torch.float32"),
        (torch.zeros(6).long(), "came 7 features and 6 labels"),
        (torch.zeros(7, 1).long(), r"expected integer labels \(B,\)"),
    ],
)
def test_labels_that_do_not_fit_are_named(loss: Loss, labels: Tensor, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        loss(features_of(7), labels)
