"""Pooling, neck and preprocessing, each against what it must compute."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from reid_core.models import (
    BNNeck,
    GemPooling,
    Preprocessing,
    attentive_pool,
    average_pool,
    gem_pool,
    max_pool,
    poolings,
)


def maps(*, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.rand(2, 3, 4, 5, generator=torch.Generator().manual_seed(0)).to(dtype) + 0.1


def test_average_pooling_is_torchs() -> None:
    torch.testing.assert_close(average_pool(maps()), F.adaptive_avg_pool2d(maps(), 1).flatten(1))


def test_maximum_and_its_sum_with_the_average() -> None:
    torch.testing.assert_close(max_pool(maps()), F.adaptive_max_pool2d(maps(), 1).flatten(1))
    both = poolings["max+avg"](3)(maps())
    torch.testing.assert_close(both, max_pool(maps()) + average_pool(maps()))


def test_attentive_pooling_is_a_weighted_mean_place_by_place() -> None:
    features, scores = maps(), torch.randn(2, 1, 4, 5, dtype=torch.float64)
    found = attentive_pool(features, scores)
    for image in range(2):
        weights = np.exp(scores[image, 0].numpy())
        weights /= weights.sum()
        for channel in range(3):
            expected = (weights * features[image, channel].numpy()).sum()
            assert found[image, channel].item() == pytest.approx(expected)
    assert torch.autograd.gradcheck(
        attentive_pool, (features.requires_grad_(), scores.requires_grad_())
    )


def test_attentive_pooling_begins_as_the_average_and_learns_where_to_look() -> None:
    pooling = poolings["attentive"](3).double()
    torch.testing.assert_close(pooling(maps()), average_pool(maps()))
    pooling(maps())[:, 0].sum().backward()
    assert pooling.score.weight.grad.abs().sum() > 0


def test_gem_equals_numpy_and_lies_between_mean_and_maximum() -> None:
    features = maps().numpy()
    for p in (1.0, 2.5, 6.0):
        expected = (features**p).reshape(2, 3, -1).mean(axis=2) ** (1 / p)
        np.testing.assert_allclose(gem_pool(maps(), p).numpy(), expected, rtol=1e-12)
    torch.testing.assert_close(gem_pool(maps(), 1.0), average_pool(maps()))
    torch.testing.assert_close(gem_pool(maps(), 300.0), maps().amax(dim=(2, 3)), rtol=2e-2, atol=0)


def test_gem_gradcheck_of_map_and_exponent() -> None:
    p = torch.tensor([3.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(gem_pool, (maps().requires_grad_(), p))


def test_gem_of_an_empty_or_negative_map_stays_finite() -> None:
    features = torch.full((1, 2, 2, 2), -1.0, requires_grad=True)
    pooling = GemPooling(2)
    pooling(features).sum().backward()
    assert pooling(features).isfinite().all()
    assert pooling.p.grad.isfinite().all()


def test_gem_keeps_half_precision_outside_and_float32_inside() -> None:
    features = maps(dtype=torch.bfloat16) * 100
    found = gem_pool(features)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found, gem_pool(features.float()).bfloat16())


def test_poolings_say_how_long_their_vectors_are() -> None:
    for name in poolings.names():
        pooling = poolings[name](3).double()
        assert pooling(maps()).shape == (2, pooling.output_size)


def test_the_neck_normalises_and_its_bias_never_moves() -> None:
    neck = BNNeck(4)
    features = torch.randn(64, 4) * 7 + 3
    out = neck(features)
    torch.testing.assert_close(out.mean(dim=0), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(out.std(dim=0, correction=0), torch.ones(4), atol=1e-3, rtol=0)
    (out**3).sum().backward()
    assert neck.bias.grad is None
    assert neck.weight.grad is not None
    assert [name for name, p in neck.named_parameters() if p.requires_grad] == ["weight"]


def test_normalisation_equals_the_definition_and_leaves_the_images_alone() -> None:
    preprocessing = Preprocessing((4, 2), mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.3))
    images = torch.arange(2 * 3 * 4 * 2, dtype=torch.uint8).view(2, 3, 4, 2) * 5
    before = images.clone()
    mean, std = (np.array(v).reshape(3, 1, 1) for v in (preprocessing.mean, preprocessing.std))
    found = preprocessing.normalize(images)
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found, (images.numpy() / 255 - mean) / std, rtol=0, atol=2e-6)
    assert torch.equal(images, before)


def test_clips_are_normalised_frame_by_frame() -> None:
    preprocessing = Preprocessing((4, 2), mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.3))
    clips = torch.randint(0, 256, (2, 5, 3, 4, 2), dtype=torch.uint8)
    found = preprocessing.normalize(clips)
    assert found.shape == clips.shape
    assert torch.equal(found[:, 3], preprocessing.normalize(clips[:, 3]))


def test_normalisation_within_inference_mode_does_not_spoil_a_later_training() -> None:
    preprocessing = Preprocessing((2, 2), mean=(0.1, 0.2, 0.3), std=(0.9, 0.9, 0.9))
    images = torch.zeros(1, 3, 2, 2, dtype=torch.uint8)
    with torch.inference_mode():
        preprocessing.normalize(images)
    weight = torch.ones(1, 3, 1, 1, requires_grad=True)
    (preprocessing.normalize(images) * weight).sum().backward()
    assert weight.grad is not None


def test_normalisation_keeps_channels_last() -> None:
    preprocessing = Preprocessing((4, 2), mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.3))
    images = torch.zeros(2, 3, 4, 2, dtype=torch.uint8).contiguous(
        memory_format=torch.channels_last
    )
    assert preprocessing.normalize(images).is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    "images",
    [
        torch.zeros(1, 3, 4, 2),
        torch.zeros(1, 3, 2, 4, dtype=torch.uint8),
        torch.zeros(3, 4, 2, dtype=torch.uint8),
        torch.zeros(1, 1, 1, 3, 4, 2, dtype=torch.uint8),
    ],
)
def test_other_images_are_refused(images: torch.Tensor) -> None:
    preprocessing = Preprocessing((4, 2), mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.3))
    with pytest.raises(
        ValueError, match=r"expected uint8 images \(B, 3, 4, 2\) or clips of them, came"
    ):
        preprocessing.normalize(images)
