"""Augmentation on the device: the loader's images bit for bit; colours as torchvision's."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torchvision.transforms.v2 import functional as reference

from reid_data import Augmentation, Draw, ImageDataset, Records
from reid_data.colours import ColourJitter, jitter_colours
from reid_data.console import MissingExtraError
from reid_data.device_augmentation import augment_batch, stack_plans
from reid_data.transforms import Plan

SIZE = (32, 16)
Write = Callable[..., Path]
SHIFTS = [(0, 0), (3, -2), (-3, 2), (-1, -8), (31, 15), (32, 0), (0, -16), (40, 40)]


@pytest.fixture
def records(tmp_path: Path, write_image: Write) -> Records:
    for row in range(6):
        write_image(tmp_path / f"{row}.png", seed=row, size=(20 + 4 * row, 12))
    rows = [(f"{row}.png", row, 0, "train") for row in range(6)]
    return Records(pd.DataFrame(rows, columns=["path", "pid", "camid", "split"]), tmp_path)


def batch_of(count: int, size: tuple[int, int] = SIZE) -> torch.Tensor:
    pixels = np.random.default_rng(0).integers(1, 256, (count, *size, 3), dtype=np.uint8)
    return torch.from_numpy(pixels).permute(0, 3, 1, 2)


def test_every_plan_does_what_it_does_to_one_image() -> None:
    plans = [
        Plan(flip=flip, shift=shift, erase=erase)
        for flip in (False, True)
        for shift in SHIFTS
        for erase in ((0, 0, 0, 0), (2, 1, 4, 5), (0, 0, 31, 15), (31, 15, 1, 1))
    ]
    images = batch_of(len(plans))
    kept = images.clone()
    changed = augment_batch(images, stack_plans(plans), fill=(124, 116, 104))
    assert torch.equal(images, kept)
    assert changed.is_contiguous(memory_format=torch.channels_last)
    for before, after, plan in zip(images, changed, plans, strict=True):
        expected = Augmentation().apply(before.permute(1, 2, 0).numpy(), plan)
        np.testing.assert_array_equal(after.permute(1, 2, 0).numpy(), expected, err_msg=str(plan))


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("shift", [(4, -3), (-4, 4), (0, 0)])
def test_a_plan_is_what_torchvision_does_in_three_steps(flip: bool, shift: tuple[int, int]) -> None:
    plan = Plan(flip=flip, shift=shift, erase=(5, 2, 9, 6))
    (image,) = batch_of(1)
    expected = reference.horizontal_flip(image) if flip else image
    padded = reference.pad(expected, [4])
    expected = reference.crop(padded, 4 - shift[0], 4 - shift[1], *SIZE)
    fill = torch.tensor((124, 116, 104), dtype=torch.uint8)[:, None, None]
    expected = reference.erase(expected, 5, 2, 9, 6, fill)
    (changed,) = augment_batch(image[None], stack_plans([plan]), fill=(124, 116, 104))
    assert torch.equal(changed, expected)


@pytest.mark.parametrize("jitter", [None, ColourJitter(saturation=0.3, probability=0.8)])
def test_device_and_loader_make_the_same_images(
    records: Records, jitter: ColourJitter | None
) -> None:
    pytest.importorskip("kornia")
    augmentation = Augmentation(pad=4, jitter=jitter)
    draw = Draw((0, 3, 3, 5, 1, 2, 4, 0), seed=11)
    here, there = (
        ImageDataset(
            records, image_size=SIZE, augmentation=augmentation, on_device=on_device
        ).__getitems__(draw)
        for on_device in (False, True)
    )
    assert there.pending is not None
    assert not torch.equal(there.images, here.images)
    arrived = there.to("cpu")
    assert arrived.pending is None
    assert torch.equal(arrived.images, here.images)
    assert torch.equal(arrived.to("cpu").images, here.images)


def test_images_keep_their_plan_when_another_is_unreadable(records: Records) -> None:
    whole = ImageDataset(records, image_size=SIZE, augmentation=Augmentation(), on_device=True)
    expected = whole.__getitems__(Draw((0, 1, 2, 3), seed=4)).to("cpu").images
    (records.root / "1.png").write_bytes(b"")
    batch = whole.__getitems__(Draw((0, 1, 2, 3), seed=4)).to("cpu")
    assert batch.indices.tolist() == [0, 2, 3]
    assert torch.equal(batch.images, expected[[0, 2, 3]])


def one_at_a_time(image: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
    brightness, contrast, saturation, hue = drawn.tolist()
    content = image.float() / 255
    content = reference.adjust_brightness(content, brightness)
    content = reference.adjust_contrast(content, contrast)
    content = reference.adjust_saturation(content, saturation)
    return reference.adjust_hue(content, hue) * 255


def test_colours_change_as_torchvision_changes_them() -> None:
    pytest.importorskip("kornia")
    jitter = ColourJitter(0.4, 0.4, 0.4, 0.2, probability=1)
    drawn = torch.from_numpy(jitter.draw(16, generator=np.random.default_rng(0)))
    images = batch_of(16)
    kept = images.clone()
    changed = jitter_colours(images, drawn)
    assert torch.equal(images, kept)
    assert changed.dtype == torch.uint8
    for before, after, factors in zip(images, changed, drawn, strict=True):
        assert (after.float() - one_at_a_time(before, factors)).abs().max() <= 1.5


def test_an_image_that_is_not_chosen_keeps_its_colours() -> None:
    pytest.importorskip("kornia")
    jitter = ColourJitter(0.4, 0.4, 0.4, 0.2, probability=0.5)
    drawn = torch.from_numpy(jitter.draw(200, generator=np.random.default_rng(0)))
    unchanged = (drawn == torch.tensor([1.0, 1.0, 1.0, 0.0])).all(dim=1)
    assert 70 < unchanged.sum() < 130
    images = batch_of(200, (8, 8))
    same = (jitter_colours(images, drawn) == images).flatten(1).all(dim=1)
    assert torch.equal(same, unchanged)


def test_drawn_colours_fill_their_ranges() -> None:
    drawn = ColourJitter(0.3, 0.1, 0.0, 0.5, probability=1).draw(
        20000, generator=np.random.default_rng(0)
    )
    low, high = drawn.min(axis=0), drawn.max(axis=0)
    np.testing.assert_allclose(low, [0.7, 0.9, 1.0, -0.5], atol=0.002)
    np.testing.assert_allclose(high, [1.3, 1.1, 1.0, 0.5], atol=0.002)
    np.testing.assert_allclose(drawn.mean(axis=0), [1, 1, 1, 0], atol=0.01)


def test_the_jitter_does_not_move_the_geometry(records: Records) -> None:
    """One stream draws both: with colours added, flips and boxes stay where they were."""
    pytest.importorskip("kornia")
    draw = Draw((0, 1, 2), seed=5)
    pending = [
        ImageDataset(
            records, image_size=SIZE, augmentation=Augmentation(jitter=jitter), on_device=True
        )
        .__getitems__(draw)
        .pending
        for jitter in (None, ColourJitter())
    ]
    assert pending[0] is not None
    assert pending[1] is not None
    assert torch.equal(pending[0].plans, pending[1].plans)


def test_what_is_no_batch_is_refused() -> None:
    plans = stack_plans([Plan(flip=False, shift=(0, 0), erase=(0, 0, 0, 0))])
    with pytest.raises(ValueError, match=r"plans \(B, 7\), came torch.uint8 .* and \(1, 7\)"):
        augment_batch(batch_of(2), plans, fill=(0, 0, 0))
    with pytest.raises(ValueError, match=r"came torch\.float32"):
        augment_batch(batch_of(1).float(), plans, fill=(0, 0, 0))
    with pytest.raises(ValueError, match=r"hue must be from 0 to 0\.5"):
        ColourJitter(hue=0.6)
    with pytest.raises(ValueError, match="brightness must be from 0 to 1"):
        ColourJitter(brightness=-0.1)


@pytest.mark.gpu
def test_a_gpu_makes_the_same_images(records: Records) -> None:
    augmentation = Augmentation(pad=4)
    draw = Draw((0, 3, 3, 5, 1, 2, 4, 0), seed=11)
    here, there = (
        ImageDataset(
            records, image_size=SIZE, augmentation=augmentation, on_device=on_device
        ).__getitems__(draw)
        for on_device in (False, True)
    )
    arrived = there.pin_memory().to("cuda", non_blocking=True)
    assert torch.equal(arrived.images.cpu(), here.images)


def test_a_missing_kornia_is_named_before_anything_is_loaded(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "kornia", None)
    with pytest.raises(MissingExtraError, match=r"reid-data\[augment\]"):
        ImageDataset(records, augmentation=Augmentation(jitter=ColourJitter()))
