from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from reid_data.console import MissingExtraError
from reid_data.loading import ImageDataset
from reid_data.preprocess.damages import Damage, Mixture
from reid_data.preprocess.degrade import degrade_image, write_degraded
from reid_data.preprocess.degrade_device import degrade_batch
from reid_data.preprocess.twins import make_twins
from reid_data.sampler import Draw
from reid_data.transforms import Augmentation

DAMAGES = [
    Damage("none"),
    Damage("pixelation", 16),
    Damage("motion", 8, angle=30),
    Damage("motion", 19, angle=170),
    Damage("pixelation", 31),
    Damage("defocus", 3.3),
    Damage("gaussian", 1.7, size=21),
    Damage("defocus", 0.7),
    Damage("pixelation", 63),
]


def as_batch(images):
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)


def as_images(batch):
    return batch.permute(0, 2, 3, 1).numpy().astype(int)


@pytest.fixture
def images(make_picture):
    pytest.importorskip("kornia")
    return [make_picture(96, 48, seed) for seed in range(len(DAMAGES))]


def test_the_batch_form_agrees_with_the_array_form(images):
    batch = as_batch(images)
    kept = batch.clone()
    low = degrade_batch(batch, DAMAGES)
    assert torch.equal(batch, kept)
    for image, damage, result in zip(images, DAMAGES, as_images(low), strict=True):
        difference = abs(result - degrade_image(image, damage).astype(int))
        assert difference.max() <= 2, damage
        assert difference.mean() < 0.5, damage


def test_an_image_does_not_depend_on_its_neighbours(images):
    damages = [*DAMAGES[:-2], Damage("noise", 9, seed=4), Damage("jpeg", 20)]
    together = degrade_batch(as_batch(images), damages)
    for image, damage, result in zip(images, damages, together, strict=True):
        alone = degrade_batch(as_batch([image]), [damage])[0]
        assert (alone.int() - result.int()).abs().max() <= 1, damage


def test_noise_has_its_sigma_and_its_seed(images):
    flat = torch.full((3, 3, 64, 64), 128, dtype=torch.uint8)
    damages = [Damage("noise", 12, seed=seed) for seed in (1, 1, 2)]
    first, same, other = degrade_batch(flat, damages)
    assert first.float().std() == pytest.approx(12, rel=0.05)
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_jpeg_is_close_to_the_codec(images):
    for quality in (10, 40):
        low = as_images(degrade_batch(as_batch(images[:1]), [Damage("jpeg", quality)]))[0]
        codec = degrade_image(images[0], Damage("jpeg", quality)).astype(int)
        lost = np.square(codec - images[0].astype(int)).mean()
        assert np.square(low - codec).mean() < 0.3 * lost


def test_bad_batches_are_refused(images):
    with pytest.raises(ValueError, match="expected uint8 images"):
        degrade_batch(torch.zeros(1, 3, 8, 8), [Damage("none")])
    with pytest.raises(ValueError, match="a damage for each of 2 images, came 1"):
        degrade_batch(torch.zeros(2, 3, 8, 8, dtype=torch.uint8), [Damage("none")])


def test_a_missing_kornia_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "kornia", None)
    with pytest.raises(MissingExtraError, match=r"reid-data\[augment\]"):
        degrade_batch(torch.zeros(1, 3, 8, 8, dtype=torch.uint8), [Damage("none")])


def marked(row, column):
    image = np.zeros((64, 32, 3), np.uint8)
    image[row, column] = 255
    return image


def centre(image):
    weights = image[..., 0].astype(float)
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    return np.array([(weights * rows).sum(), (weights * columns).sum()]) / weights.sum()


@pytest.mark.parametrize("damage", [Damage("motion", 8, angle=40), Damage("defocus", 3)])
def test_twins_share_flip_and_crop(damage):
    places = set()
    for seed in range(20):
        image = marked(30, 9)
        twins = make_twins(image, damage, seed=seed, augment=Augmentation(pad=4, erase=0))
        assert np.allclose(centre(twins.high), centre(twins.low), atol=0.3)
        places.add(tuple(centre(twins.high)))
    assert len(places) > 10


def test_twins_share_the_erased_box(make_picture):
    augment = Augmentation(flip=0, pad=0, erase=1)
    image = make_picture(64, 32) // 2
    twins = make_twins(image, Damage("pixelation", 16), seed=1, augment=augment)
    high, low = ((twin == augment.fill).all(axis=2) for twin in (twins.high, twins.low))
    assert high.sum() > 20
    assert (high == low).all()


def test_twins_are_damaged_before_they_are_augmented(make_picture):
    image = make_picture(64, 32)
    damage = Damage("noise", 10, seed=3)
    twins = make_twins(image, damage, seed=1)
    assert (twins.high == image).all()
    assert (twins.low == degrade_image(image, damage)).all()


def test_an_augmentation_that_cannot_be_shared_is_refused(make_picture):
    sizes = iter((10, 12))

    def crop(image, generator):
        return image[: next(sizes)]

    with pytest.raises(ValueError, match="must draw from the generator only"):
        make_twins(make_picture(20, 10), Damage("none"), seed=0, augment=crop)


def test_a_degraded_copy_loaded_by_the_same_draw_is_aligned(tmp_path, make_records):
    names = [f"{number}.png" for number in range(6)]
    records = make_records(tmp_path / "high", names, size=(64, 32))
    mixture = Mixture({"gaussian": 1})
    write_degraded(records, tmp_path / "low", mixture=mixture, seed=1)
    twin = type(records)(records.table, tmp_path / "low")
    augmentation = Augmentation(pad=6)
    draw = Draw(indices=(0, 3, 5, 1), seed=77)
    high, low = (
        ImageDataset(each, image_size=(64, 32), augmentation=augmentation).__getitems__(draw)
        for each in (records, twin)
    )
    assert torch.equal(high.indices, low.indices)
    # A mild blur: the same place differs little, another flip or crop a lot.
    for one, other in zip(high.images.float(), low.images.float(), strict=True):
        assert (one - other).abs().mean() < 0.4 * (one - other.flip(-1)).abs().mean()


@pytest.mark.gpu
def test_the_device_agrees_with_the_cpu(images):
    batch = as_batch(images)
    low = degrade_batch(batch, DAMAGES)
    assert (degrade_batch(batch.cuda(), DAMAGES).cpu().int() - low.int()).abs().max() <= 1
