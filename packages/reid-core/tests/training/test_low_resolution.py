"""Batches that lose their detail."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reid_core.training.data.low_resolution import LowResolution, reduce_rows
from reid_core.training.recipes.files import load_recipe
from reid_data import Batch
from reid_data.preprocess.lowres import low_resolution_batch


def batch(count: int = 6) -> Batch:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 255, (count, 3, 16, 8), dtype=torch.uint8, generator=generator)
    ids = torch.arange(count)
    return Batch(images=images, pids=ids, camids=ids + 10, indices=ids + 20, labels=ids)


def test_twins_follow_their_originals_in_the_same_order():
    before = batch()
    doubled = LowResolution((2, 4), twins=True).apply(before, seed=(1,))
    originals, twins = doubled.scales == 1, doubled.scales > 1
    assert torch.equal(doubled.images[originals], before.images)
    for name in ("pids", "camids", "indices", "labels"):
        for half in (originals, twins):
            assert torch.equal(getattr(doubled, name)[half], getattr(before, name))
    for image, twin, scale in zip(
        before.images, doubled.images[twins], doubled.scales[twins].tolist(), strict=True
    ):
        assert torch.equal(twin, low_resolution_batch(image[None], scale=scale)[0])
    assert {2, 4} == set(doubled.scales[twins].tolist())


def test_without_twins_images_are_reduced_where_they_are_and_the_seed_decides():
    before = batch(200)
    low = LowResolution((2, 4), probability=0.5)
    after = low.apply(before, seed=(3, 1))
    assert len(after) == 200
    share = (after.scales > 1).float().mean()
    assert 0.35 < share < 0.65
    same = (after.images == before.images).flatten(1).all(1)
    assert torch.equal(same, after.scales == 1)
    assert torch.equal(low.apply(before, seed=(3, 1)).scales, after.scales)
    assert not torch.equal(low.apply(before, seed=(3, 2)).scales, after.scales)


def test_frames_of_a_clip_are_reduced_alike_and_the_input_is_left_alone():
    clips = batch(6).images.reshape(2, 3, 3, 16, 8)
    kept = clips.clone()
    reduced = reduce_rows(clips, np.array([1, 4]))
    assert torch.equal(clips, kept)
    assert torch.equal(reduced[0], clips[0])
    assert torch.equal(reduced[1], low_resolution_batch(clips[1], scale=4))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{scales: [1], twins: true}", "a twin reduced by 1 is its original"),
        ("{scales: []}", "names no factor"),
        ("{twins: true, probability: 0.5}", "twins are always reduced"),
        ("{scales: [0]}", "greater than or equal to 1"),
        ("{scale: 3}", "did you mean 'data.low_resolution.scales'"),
    ],
)
def test_what_cannot_be_is_refused(value, message):
    with pytest.raises(ValueError, match=message):
        load_recipe("small", [f"data.low_resolution={value}"])


def test_a_scale_reaches_training_and_validation_and_can_be_overridden():
    recipe = load_recipe("small", ["evaluation.gallery_scale=1"], scale=4)
    assert recipe.data.low_resolution == LowResolution((4,))
    assert (recipe.evaluation.query_scale, recipe.evaluation.gallery_scale) == (4, 1)
    whole = load_recipe("small", scale=1)
    assert whole.data.low_resolution is None
    assert whole.evaluation.query_scale == 1


def test_a_scale_of_a_recipe_with_twins_is_that_of_the_twins_and_the_queries(tmp_path):
    path = tmp_path / "twins.yaml"
    path.write_text("data: {low_resolution: {twins: true}}\nloss: {triplet: }\n")
    recipe = load_recipe(path, scale=3)
    assert recipe.data.low_resolution == LowResolution((3,), twins=True)
    assert (recipe.evaluation.query_scale, recipe.evaluation.gallery_scale) == (3, 1)
    with pytest.raises(ValueError, match="a twin reduced by 1"):
        load_recipe(path, scale=1)
