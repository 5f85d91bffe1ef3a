from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reid_data.images import read_image
from reid_data.preprocess.mask_folder import MaskFolder
from reid_data.preprocess.outfits import (
    Outfits,
    outfit_rows,
    outfits_of,
    read_outfits,
    write_outfits,
)
from reid_data.preprocess.recolour import (
    COLOURS,
    LAST_COLOURS,
    Outfit,
    Recolouring,
    recolour_image,
    write_recoloured,
)
from reid_data.records import Records


def test_recolouring_is_the_published_formula(make_picture):
    image = make_picture(20, 10)
    shirt = np.zeros((20, 10), bool)
    shirt[4:9, 2:8] = True
    pant = np.zeros((20, 10), bool)
    pant[9:18, 3:7] = True
    result = recolour_image(image, [(shirt, (255, 165, 0)), (pant, (0, 0, 255))])
    either = (shirt | pant)[..., None]
    flat = np.where(shirt[..., None], (255, 165, 0), (0, 0, 255))
    expected = image * (1 - either) + 0.3 * image * either + 0.7 * flat * either
    assert abs(result - expected).max() <= 0.5 + 1e-9
    assert (result[~either[..., 0]] == image[~either[..., 0]]).all()


def test_arms_and_legs_join_in_by_chance_and_faulty_images_get_one_colour(make_picture):
    image = make_picture(12, 6)
    masks = {
        kind: np.zeros((12, 6), bool)
        for kind in ("shirt", "full_shirt", "pant", "full_pant", "clothes")
    }
    for row, mask in enumerate(masks.values()):
        mask[2 * row : 2 * row + 2] = True
    rows = {kind: slice(2 * row, 2 * row + 2) for row, kind in enumerate(masks)}
    how = Recolouring(strength=1.0)
    red, black = list(COLOURS).index("red"), list(COLOURS).index("black")

    def changed(outfit, faulty=False):
        result = how.apply(image, masks, outfit, faulty=faulty)
        return {
            kind: tuple(result[rows[kind]].reshape(-1, 3)[0])
            for kind in masks
            if (result[rows[kind]] != image[rows[kind]]).any()
        }

    assert changed(Outfit(red, black)) == {"shirt": (255, 0, 0), "pant": (0, 0, 0)}
    full = Outfit(red, black, full_shirt=True, full_pant=True)
    assert changed(full) == {"full_shirt": (255, 0, 0), "full_pant": (0, 0, 0)}
    assert changed(Outfit(red, black), faulty=True) == {"clothes": (255, 0, 0)}


def test_colours_are_drawn_evenly_and_independently():
    generator = np.random.default_rng(0)
    drawn = [Recolouring(full=0.5).draw(generator) for _ in range(8100)]
    pairs = np.bincount([9 * outfit.shirt + outfit.pant for outfit in drawn], minlength=81)
    assert pairs.min() > 60
    assert pairs.max() < 140
    shares = [
        np.mean([outfit.full_shirt for outfit in drawn]),
        np.mean([o.full_pant for o in drawn]),
    ]
    assert shares == pytest.approx([0.5, 0.5], abs=0.03)
    assert not any(Recolouring().draw(generator).full_shirt for _ in range(100))


def test_the_published_colours():
    assert len(COLOURS) == 9
    assert list(LAST_COLOURS) == ["green", "blue", "purple", "red", "yellow", "pink"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda image: recolour_image(image, [(np.ones((3, 3), bool), (0, 0, 0))]),
            "the size of its image",
        ),
        (lambda image: Recolouring().apply(image, {}, Outfit(0, 0)), "needs the masks pant, shirt"),
        (lambda image: Recolouring(colours=()), "at least one colour"),
        (lambda image: Recolouring(strength=1.5), "strength must be between"),
    ],
)
def test_bad_recolouring_is_refused(call, words, make_picture):
    with pytest.raises(ValueError, match=words):
        call(make_picture(4, 4))


def test_ltcc_has_6493_outfits():
    generator = np.random.default_rng(0)
    owners = np.concatenate([np.arange(77), generator.integers(0, 77, 256 - 77)])
    outfits = Outfits.from_pairs(zip(owners.tolist(), range(256), strict=True), colours=9)
    assert len(outfits) == 6493


@given(
    pairs=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), min_size=1),
    colours=st.integers(0, 3),
    batch=st.lists(st.integers(0, 4), max_size=6),
)
def test_sparse_outfits_are_the_dense_matrix(pairs, colours, batch):
    people = sorted({person for person, _ in pairs})
    pairs = [(people.index(person), outfit) for person, outfit in pairs]
    outfits = Outfits.from_pairs(pairs, colours=colours)
    real = max(outfit for _, outfit in pairs) + 1
    dense = np.zeros((len(people), real + len(people) * colours**2), bool)
    for person, outfit in pairs:
        dense[person, outfit] = True
    for person in range(len(people)):
        for shirt in range(colours):
            for pant in range(colours):
                dense[person, outfits.recoloured_id(person, shirt=shirt, pant=pant)] = True
    assert len(outfits) == dense.shape[1]
    for person in range(len(people)):
        assert outfits.of(person).tolist() == np.flatnonzero(dense[person]).tolist()
    rows = np.array([person % len(people) for person in batch], dtype=np.int64)
    assert (outfits.positives(rows) == dense[rows]).all()


def test_no_two_people_share_an_outfit():
    outfits = Outfits.from_pairs([(0, 0), (1, 1), (2, 2)], colours=3)
    assert outfits.positives(np.arange(3)).sum(axis=0).tolist() == [1] * len(outfits)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Outfits.from_pairs([]), "pairs of person and outfit"),
        (lambda: Outfits.from_pairs([(0, -1)]), "numbered from 0"),
        (lambda: Outfits.from_pairs([(0, 0), (2, 1)]), "person 1 has no outfit"),
        (
            lambda: Outfits.from_pairs([(0, 0)], colours=2).recoloured_id(1, shirt=0, pant=0),
            "0 .. 0",
        ),
        (
            lambda: Outfits.from_pairs([(0, 0)], colours=2).recoloured_id(0, shirt=2, pant=0),
            "0 .. 1",
        ),
    ],
)
def test_impossible_outfits_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_outfits_of_records_are_labelled_person_by_person():
    table = pd.DataFrame(
        {
            "path": [f"{n}.png" for n in range(5)],
            "pid": [30, 10, 30, 10, 30],
            "split": "train",
            "clothes_id": [2, 2, 1, 2, 2],
        }
    )
    outfits, labels = outfits_of(Records(table, "."), colours=2)
    assert labels.tolist() == [2, 0, 1, 0, 2]
    assert outfits.of(0).tolist() == [0, 3, 4, 5, 6]
    assert outfits.of(1).tolist() == [1, 2, 7, 8, 9, 10]
    with pytest.raises(ValueError, match="clothes_id in each row"):
        outfits_of(Records(table.drop(columns="clothes_id"), "."))
    with pytest.raises(ValueError, match="clothes_id in each row"):
        outfits_of(Records(table.assign(clothes_id=[1, None, 1, 1, 1]), "."))


def test_who_has_which_outfits():
    table = pd.DataFrame(
        {
            "path": list("abcde"),
            "pid": [30, 4, 30, 4, 30],
            "split": "train",
            "clothes_id": [2, None, 1, 7, 2],
        }
    )
    rows = outfit_rows(Records(table, "."), category="train")
    assert rows == [("train", "004", "7"), ("train", "030", "1"), ("train", "030", "2")]
    with pytest.raises(ValueError, match="no outfits"):
        outfit_rows(Records(table.assign(clothes_id=None), "."), category="train")


def test_outfit_tables_come_back(tmp_path):
    rows = [("train", "000", "1"), ("train", "000", "2")]
    for header in (True, False):
        write_outfits(tmp_path / "a.csv", rows, header=header)
        assert read_outfits(tmp_path / "a.csv") == rows
    assert (tmp_path / "a.csv").read_bytes() == b"train,000,1\ntrain,000,2\n"


@pytest.fixture
def wardrobe(tmp_path, make_records):
    """Three images of two people with masks; those of the last are faulty."""
    names = ["train/000_1_c1_000001.png", "train/000_2_c1_000002.png", "train/001_1_c3_000003.png"]
    records = make_records(
        tmp_path / "set", names, size=(20, 10), pids=[0, 0, 1], clothes_id=[1, 2, 3]
    )
    for name in names:
        for row, kind in enumerate(("shirt", "pant", "full_shirt", "full_pant", "clothes")):
            mask = np.zeros((20, 10), np.uint8)
            mask[4 * row : 4 * row + 4] = 255
            path = tmp_path / "masks" / name.replace(".png", f"_{kind}.png")
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(mask).save(path)
    return records


@pytest.mark.parametrize("workers", [0, 2])
def test_a_data_set_gets_other_clothes_and_ids_of_its_own(wardrobe, tmp_path, workers):
    folder = MaskFolder(tmp_path / "masks")
    new = write_recoloured(
        wardrobe, folder, tmp_path / "new", faulty=["001_1_c3_000003"], seed=4, workers=workers
    )
    outfits, _ = outfits_of(wardrobe, colours=9)
    for row, (person, path) in enumerate(zip([0, 0, 1], wardrobe.table["path"], strict=True)):
        old, image = read_image(wardrobe.root / path), read_image(tmp_path / "new" / path)
        moved = sorted({int(r) // 4 for r in np.flatnonzero((old != image).any(axis=(1, 2)))})
        assert moved == ([4] if row == 2 else [0, 1])
        number = new.table["clothes_id"][row] - 3 - person * 81
        assert new.table["clothes_id"][row] in outfits.of(person)
        shirt, pant = divmod(int(number), 9)
        colour = np.array(list(COLOURS.values())[shirt])
        block = slice(16, 20) if row == 2 else slice(0, 4)
        expected = 0.3 * old[block] + 0.7 * colour
        assert abs(image[block] - expected).max() <= 0.5 + 1e-9
        assert row != 2 or shirt == pant
    again = Records.from_csv(tmp_path / "new" / "records.csv")
    assert again.table["clothes_id"].tolist() == new.table["clothes_id"].tolist()
    only = write_recoloured(wardrobe.take([1]), folder, tmp_path / "part", seed=4)
    same = read_image(only.paths[0]) == read_image(tmp_path / "new" / "train/000_2_c1_000002.png")
    assert same.all()


def test_a_missing_mask_is_found_before_any_work(wardrobe, tmp_path):
    (tmp_path / "masks" / "train" / "001_1_c3_000003_shirt.png").unlink()
    with pytest.raises(ValueError, match=r"expected a mask 001_1_c3_000003_shirt\.png"):
        write_recoloured(wardrobe, MaskFolder(tmp_path / "masks"), tmp_path / "new", seed=0)
    assert not (tmp_path / "new").exists()


def test_unreadable_images_leave_the_table_too(wardrobe, tmp_path):
    wardrobe.paths[1].write_bytes(b"")
    new = write_recoloured(
        wardrobe, MaskFolder(tmp_path / "masks"), tmp_path / "new", seed=0, skip_unreadable=True
    )
    assert len(new) == len(Records.from_csv(tmp_path / "new" / "records.csv")) == 2
