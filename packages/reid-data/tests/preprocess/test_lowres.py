from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage

from reid_data.datasets import load_dataset
from reid_data.images import read_image
from reid_data.preprocess.lowres import (
    low_resolution_batch,
    lower_resolution,
    write_low_resolution,
)


def cubic(x, a=-0.5):
    x = abs(x)
    if x < 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x < 2 else 0.0


def naive_resize_line(line, target):
    """Bicubic with antialiasing, as its definition says, one sample at a time."""
    scale = len(line) / target
    support = max(scale, 1.0)
    out = []
    for index in range(target):
        centre = (index + 0.5) * scale
        weights = [cubic((position + 0.5 - centre) / support) for position in range(len(line))]
        out.append(np.dot(weights, line) / sum(weights))
    return np.array(out)


def test_shrinking_is_antialiased_bicubic(make_picture):
    image = make_picture(40, 30)
    small = lower_resolution(image, scale=2.5)
    assert small.shape == (16, 12, 3)
    expected = np.apply_along_axis(naive_resize_line, 1, image.astype(float), 12)
    expected = np.apply_along_axis(naive_resize_line, 0, np.rint(expected).clip(0, 255), 16)
    assert abs(small - expected.clip(0, 255)).max() <= 1


def test_a_fine_pattern_becomes_grey_and_not_another_pattern():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    small = lower_resolution(stripes, scale=4)
    assert small[2:-2, 2:-2].std() < 3
    aliased = low_resolution_batch(
        torch.from_numpy(stripes).permute(2, 0, 1)[None], scale=3, antialias=False
    )
    assert aliased.float().std() > 30, "without antialiasing it is another pattern"


@pytest.mark.parametrize(
    ("scale", "size"), [(1, (48, 24)), (2, (24, 12)), (3.3, (15, 7)), (99, (1, 1))]
)
def test_any_scale_gives_the_size_it_says(scale, size, make_picture):
    image = make_picture(48, 24)
    assert lower_resolution(image, scale=scale).shape[:2] == size
    assert lower_resolution(image, scale=scale, restore=True).shape == image.shape


@pytest.mark.parametrize("scale", [0.5, 0, -2, float("nan"), float("inf")])
def test_what_does_not_shrink_is_refused(scale, make_picture, make_records, tmp_path):
    with pytest.raises(ValueError, match="scale must be 1 or more"):
        lower_resolution(make_picture(4, 4), scale=scale)
    with pytest.raises(ValueError, match="scale must be 1 or more"):
        low_resolution_batch(torch.zeros(1, 3, 4, 4), scale=scale)
    with pytest.raises(ValueError, match="scale must be 1 or more"):
        write_low_resolution(make_records(tmp_path, ["a.png"]), tmp_path / "x", scale=scale)


def test_the_batch_form_agrees_with_files(make_picture):
    images = [make_picture(48, 24, seed) for seed in range(3)]
    batch = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)
    kept = batch.clone()
    low = low_resolution_batch(batch, scale=3)
    assert low.dtype == torch.uint8
    assert torch.equal(batch, kept)
    for image, result in zip(images, low, strict=True):
        expected = lower_resolution(image, scale=3, restore=True).astype(int)
        assert abs(result.permute(1, 2, 0).numpy() - expected).max() <= 2


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.bfloat16])
def test_scale_one_is_exactly_the_identity_and_a_new_tensor(dtype):
    images = (torch.rand(2, 3, 9, 7) * 255).to(dtype)
    same = low_resolution_batch(images, scale=1)
    assert torch.equal(same, images)
    assert same.dtype == dtype
    same.zero_()
    assert images.any()


def test_normalised_floats_are_not_clipped_and_odd_sizes_stay():
    images = torch.randn(2, 3, 256, 127) * 3
    low = low_resolution_batch(images, scale=3)
    assert low.shape == images.shape
    assert low.min() < -0.5


def test_gradients_pass_through_floats():
    images = torch.rand(1, 3, 8, 8, requires_grad=True)
    low_resolution_batch(images, scale=2).sum().backward()
    assert images.grad is not None


def test_a_batch_must_be_one():
    with pytest.raises(ValueError, match="batch"):
        low_resolution_batch(torch.zeros(3, 8, 8), scale=2)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_market_copy_is_read_by_its_reader(tmp_path, make_records, workers):
    names = [
        f"{folder}/{pid:04d}_c{camera}s1_{frame:06d}_00.jpg"
        for folder, pids in (
            ("bounding_box_train", (2, 7)),
            ("query", (1,)),
            ("bounding_box_test", (0, 1)),
        )
        for pid in pids
        for camera, frame in ((1, 51), (2, 76))
    ]
    make_records(tmp_path / "market1501", names, size=(128, 64))
    records = load_dataset("market1501", tmp_path / "market1501")
    counts = []
    done = write_low_resolution(
        records, tmp_path / "market1501x2", scale=2, workers=workers, advance=counts.append
    )
    assert done.images == sum(counts) == len(names)
    again = load_dataset("market1501", tmp_path / "market1501x2")
    assert again.table.equals(records.table)
    for old, new in zip(records.paths, again.paths, strict=True):
        with Image.open(new) as image:
            assert image.size == (32, 64)
        blurred = ndimage.zoom(read_image(old).astype(float), (0.5, 0.5, 1), order=1)
        assert abs(read_image(new) - blurred).mean() < 12
