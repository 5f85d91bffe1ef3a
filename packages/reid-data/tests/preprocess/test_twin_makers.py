"""Copies in other colours and of low quality, as the loader makes them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from reid_data import Records, train_loader
from reid_data.preprocess import (
    DegradedTwins,
    MaskFolder,
    Mixture,
    Outfits,
    RecolouredTwins,
    Recolouring,
    recolour_image,
)

RED_BLUE = Recolouring(colours=((255, 0, 0), (0, 0, 255)))
SIZE = (8, 4)


@pytest.fixture
def records(tmp_path) -> Records:
    rows = []
    (tmp_path / "masks").mkdir()
    for row in range(6):
        grey = np.full((*SIZE, 3), 40 * row, np.uint8)
        Image.fromarray(grey).save(tmp_path / f"{row}.png")
        for kind, top in (("shirt", 0), ("pant", 4), ("clothes", 0)):
            mask = np.zeros(SIZE, np.uint8)
            mask[top : top + (8 if kind == "clothes" else 4)] = 255
            Image.fromarray(mask).save(tmp_path / "masks" / f"{row}_{kind}.png")
        rows.append((f"{row}.png", 5 + row % 3, "train", row % 3, row % 3))
    columns = ["path", "pid", "split", "label", "label_clothes"]
    return Records(pd.DataFrame(rows, columns=columns), tmp_path)


def made(records: Records, recolouring: Recolouring = RED_BLUE):
    masks = MaskFolder(records.root / "masks")
    return RecolouredTwins.checked(records, masks, recolouring=recolouring, classes=3)


def test_a_copy_wears_the_colours_that_its_number_says(records):
    maker, check = made(records)
    assert check.ok
    outfits = Outfits.from_pairs([(0, 0), (1, 1), (2, 2)], colours=2)
    image = np.full((*SIZE, 3), 80, np.uint8)
    numbers = set()
    for draw in range(40):
        twin = maker.make(image, 4, generator=np.random.default_rng(draw))
        shirt = int(twin.image[0, 0, 2] > twin.image[0, 0, 0])
        pant = int(twin.image[7, 0, 2] > twin.image[7, 0, 0])
        assert twin.targets["clothes"] == outfits.recoloured_id(1, shirt=shirt, pant=pant)
        numbers.add(twin.targets["clothes"])
    assert numbers == set(range(3 + 4, 3 + 8))
    assert (image == 80).all()


def test_a_faulty_image_gets_one_colour_over_all_clothes(records):
    (records.root / "masks" / "faulty_union.csv").write_text("4\n")
    maker, _ = made(records)
    image = np.full((*SIZE, 3), 80, np.uint8)
    twin = maker.make(image, 4, generator=np.random.default_rng(0))
    colour = RED_BLUE.colours[(twin.targets["clothes"] - 3 - 4) // 2]
    expected = recolour_image(image, [(np.ones(SIZE, bool), colour)])
    np.testing.assert_array_equal(twin.image, expected)


def test_images_without_fitting_masks_are_counted_and_copied_as_they_are(records):
    (records.root / "masks" / "1_pant.png").unlink()
    Image.fromarray(np.zeros((9, 4), np.uint8)).save(records.root / "masks" / "2_shirt.png")
    maker, check = made(records)
    assert check.missing == ("1.png",)
    assert check.wrong_size == ("2.png",)
    image = np.full((*SIZE, 3), 80, np.uint8)
    for row in (1, 2):
        twin = maker.make(image, row, generator=np.random.default_rng(0))
        np.testing.assert_array_equal(twin.image, image)
        assert not twin.targets


def test_masks_of_nobody_are_refused_with_the_verb_that_makes_them(records):
    for file in (records.root / "masks").glob("*_shirt.png"):
        file.unlink()
    with pytest.raises(ValueError, match=r"6 of 6 images have no masks.*`reid-data masks` makes"):
        made(records)


def test_a_degraded_copy_is_drawn_anew_and_stays_in_its_place(records):
    generator = np.random.default_rng(0)
    image = generator.integers(0, 255, (32, 16, 3)).astype(np.uint8)
    maker = DegradedTwins(Mixture({"gaussian": 1.0}, gaussian_sigma=(1.0, 2.0)))
    first, second = (maker.make(image, 0, generator=generator).image for _ in range(2))
    assert first.shape == image.shape
    assert not (first == second).all()
    assert abs(first.astype(float).mean() - image.mean()) < 2
    assert maker.aligned


def test_the_loader_makes_both(records):
    for maker, fresh in ((made(records)[0], True), (DegradedTwins(Mixture({"jpeg": 1})), False)):
        loader = train_loader(
            records,
            image_size=SIZE,
            identities_per_batch=3,
            images_per_identity=2,
            augmentation=None,
            seed=1,
            twin=maker,
        )
        (batch,) = loader
        high, low = batch.targets["clothes"][:6], batch.targets["clothes"][6:]
        assert ((low >= 3) == fresh).all()
        assert fresh or (high == low).all()
