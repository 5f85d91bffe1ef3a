from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from reid_data.images import UnreadableImagesError
from reid_data.preprocess.mask_faults import MaskFault, find_faults
from reid_data.preprocess.mask_files import parsing_files, write_masks
from reid_data.preprocess.mask_folder import MaskFolder
from reid_data.preprocess.masks import (
    KINDS,
    mask_image,
    part_masks,
    read_mask,
    read_parsing,
)

# As the published table says them, written out once more.
PUBLISHED = {
    "sil": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19],
    "pant": [9, 12],
    "shirt": [5, 7, 10],
    "full_pant": [8, 9, 12, 16, 17, 18, 19],
    "full_shirt": [5, 6, 7, 10, 11, 14, 15],
    "clothes": [1, 3, 5, 6, 7, 8, 9, 10, 11, 12, 18, 19],
    "head": [1, 2, 4, 13],
}


def person(height=40, width=20):
    """Labels of a person: head, shirt, trousers and shoes on a background."""
    labels = np.zeros((height, width), np.uint8)
    labels[2:8, 7:13] = 13
    labels[8:20, 5:15] = 5
    labels[20:36, 6:14] = 9
    labels[36:39, 6:14] = 18
    return labels


def logits_of(labels, seed=0):
    noise = np.random.default_rng(seed).uniform(0, 1, (*labels.shape, 20)).astype(np.float32)
    np.put_along_axis(noise, labels[..., None].astype(int), 2.0, axis=2)
    return noise


@given(
    arrays.arrays(
        np.uint8, st.tuples(st.integers(0, 9), st.integers(0, 9)), elements=st.integers(0, 19)
    )
)
def test_masks_are_those_of_a_loop_over_pixels(labels):
    masks = part_masks(labels)
    assert masks.shape == (len(KINDS), *labels.shape)
    for kind, mask in zip(KINDS, masks, strict=True):
        for row in range(labels.shape[0]):
            for column in range(labels.shape[1]):
                assert mask[row, column] == (labels[row, column] in PUBLISHED[kind])


def test_kinds_come_in_the_order_asked_for():
    masks = part_masks(person(), ["pant", "sil"])
    assert masks[0].sum() == 16 * 8
    assert masks[1].sum() == (person() > 0).sum()


@pytest.mark.parametrize(
    ("labels", "kinds", "words"),
    [
        (np.full((2, 2), 20, np.uint8), KINDS, "labels must be 0 .. 19, came 20"),
        (person(), ["sil", "tie"], "came 'tie'"),
        (person(), ["sil", "sil"], "made once"),
    ],
)
def test_bad_requests_are_refused(labels, kinds, words):
    with pytest.raises(ValueError, match=words):
        part_masks(labels, kinds)


@pytest.mark.parametrize(
    "form", ["logits", "half logits", "labels", "long labels", "grey", "palette"]
)
def test_every_form_of_parsing_is_read(form, tmp_path):
    labels = person()
    if form.endswith("logits"):
        kind = np.float16 if "half" in form else np.float32
        np.save(tmp_path / "a.npy", logits_of(labels).astype(kind))
    elif form.endswith("labels"):
        np.save(tmp_path / "a.npy", labels.astype(np.int64 if "long" in form else np.uint8))
    else:
        image = Image.fromarray(labels)
        if form == "palette":
            image.putpalette(
                [value for colour in range(256) for value in (colour, 0, 255 - colour)]
            )
        image.save(tmp_path / "a.png")
    (name,) = parsing_files(tmp_path)
    read = read_parsing(tmp_path / name)
    assert read.dtype == np.uint8
    assert (read == labels).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_highest_logit_wins_and_of_equal_ones_the_first(dtype, tmp_path):
    generator = np.random.default_rng(0)
    # Few values, so that most pixels have equal logits; larger than a block of pixels.
    logits = generator.integers(-2, 3, (150, 61, 20)).astype(dtype)
    logits[generator.random(logits.shape) < 0.05] = -np.inf
    logits[generator.random(logits.shape) < 0.05] = np.inf
    logits[0, 0] = -np.inf
    np.save(tmp_path / "a.npy", logits)
    assert (read_parsing(tmp_path / "a.npy") == logits.argmax(axis=2)).all()


def test_a_nan_anywhere_is_found(tmp_path):
    for place in ((0, 0, 0), (149, 60, 19), (70, 3, 7)):
        logits = np.full((150, 61, 20), 3.0, np.float32)
        logits[place] = np.nan
        np.save(tmp_path / "a.npy", logits)
        with pytest.raises(ValueError, match="NaN"):
            read_parsing(tmp_path / "a.npy")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 127), st.sampled_from(b"0123456789(),'{}: Ff<>|\xff"))))
def test_a_damaged_header_is_read_or_refused(tmp_path_factory, changes):
    folder = tmp_path_factory.mktemp("damaged")
    np.save(folder / "a.npy", np.zeros((6, 4, 20), np.float32))
    content = bytearray((folder / "a.npy").read_bytes())
    for place, value in changes:
        content[place] = value
    (folder / "a.npy").write_bytes(content)
    with contextlib.suppress(ValueError):
        read_parsing(folder / "a.npy")


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((4, 4, 19), np.float32), r"came float32 \(4, 4, 19\)"),
        (np.zeros((20, 4, 4), np.float32), r"came float32 \(20, 4, 4\)"),
        (np.zeros((4, 4, 20), np.uint8), r"came uint8 \(4, 4, 20\)"),
        (np.full((4, 4), 20, np.uint8), "labels up to 20"),
        (np.full((4, 4), -1, np.int64), "labels up to -1"),
        (np.full((4, 4, 20), np.nan, np.float32), "NaN"),
        (np.array([{"code": 1}], dtype=object), "no readable parsing"),
    ],
)
def test_what_is_no_parsing_is_refused(array, words, tmp_path):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(ValueError, match=words):
        read_parsing(tmp_path / "a.npy")


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"\x89PNG\r\n\x1a\n", b"text"])
@pytest.mark.parametrize("suffix", [".npy", ".png"])
def test_broken_files_are_refused(content, suffix, tmp_path):
    (tmp_path / f"a{suffix}").write_bytes(content)
    with pytest.raises(ValueError, match="no readable parsing"):
        read_parsing(tmp_path / f"a{suffix}")
    with pytest.raises(ValueError, match="No such file"):
        read_parsing(tmp_path / f"missing{suffix}")


def test_a_colour_picture_is_no_parsing(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match="mode RGB"):
        read_parsing(tmp_path / "a.png")


@pytest.mark.parametrize("channels", [1, 3])
def test_mask_images_are_zero_and_255(channels, tmp_path):
    mask = person() > 0
    mask_image(mask, channels=channels).save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert len(image.getbands()) == channels
        assert set(np.unique(np.asarray(image))) == {0, 255}
    assert (read_mask(tmp_path / "a.png") == mask).all()


def test_faults_are_found_by_their_area():
    assert find_faults(person(), image="a") == []
    bare = person()
    bare[bare == 9] = 16
    assert find_faults(bare, image="a") == [MaskFault("a", "pant", "empty")]
    bare[0, :3] = 9
    assert find_faults(bare, image="a") == [MaskFault("a", "pant", "small", 3 / 800)]
    assert find_faults(bare, image="a", least_share=0.001) == []
    nobody = np.zeros((4, 4), np.uint8)
    assert [fault.kind for fault in find_faults(nobody, image="a")] == ["sil", "pant", "shirt"]
    wall = np.where(np.mgrid[:4, :4][0] < 2, 5, 9).astype(np.uint8)
    assert find_faults(wall, image="a") == [MaskFault("a", "sil", "everything", 1.0)]


@pytest.fixture
def ltcc(tmp_path):
    """Parsings of three images (good, without trousers, of a wrong size), and a fourth image."""
    for folder in ("parsings", "images"):
        (tmp_path / folder / "train").mkdir(parents=True)
    bare = person()
    bare[bare == 9] = 16
    parsings = {"000_1_c1_000001": person(), "000_1_c1_000002": bare, "001_2_c3_000003": person()}
    for name, labels in parsings.items():
        np.save(tmp_path / "parsings" / "train" / f"{name}.npy", logits_of(labels))
    for name in (*parsings, "001_2_c3_000004"):
        size = (22, 40) if name == "001_2_c3_000003" else (20, 40)
        Image.new("RGB", size).save(tmp_path / "images" / "train" / f"{name}.png")
    return tmp_path


@pytest.mark.parametrize("workers", [0, 2])
def test_a_folder_of_parsings_becomes_masks_and_lists(ltcc, workers):
    counts = []
    report = write_masks(
        ltcc / "parsings",
        ltcc / "masks",
        images=ltcc / "images",
        workers=workers,
        advance=counts.append,
    )
    assert report.images == sum(counts) == 3
    written = sorted(path.name for path in (ltcc / "masks" / "train").iterdir())
    assert len(written) == 21
    assert "000_1_c1_000001_full_shirt.png" in written
    folder = MaskFolder(ltcc / "masks")
    shirt = folder.read("train/000_1_c1_000001.png", "shirt")
    assert (shirt == np.isin(person(), PUBLISHED["shirt"])).all()
    assert report.faulty("pant") == ("000_1_c1_000002", "001_2_c3_000003", "001_2_c3_000004")
    assert report.faulty("shirt") == ("001_2_c3_000003", "001_2_c3_000004")
    reasons = {fault.image: fault.reason for fault in report.faults}
    assert reasons == {
        "000_1_c1_000002": "empty",
        "001_2_c3_000003": "size",
        "001_2_c3_000004": "missing",
    }
    assert (ltcc / "masks" / "faulty_union.csv").read_bytes() == (
        b"000_1_c1_000002\n001_2_c3_000003\n001_2_c3_000004\n"
    )


def test_parents_become_part_of_the_name(tmp_path):
    for pid in ("001", "002"):
        (tmp_path / "p" / "train" / pid).mkdir(parents=True)
        np.save(tmp_path / "p" / "train" / pid / "A_cropped_rgb001.npy", person())
    write_masks(tmp_path / "p", tmp_path / "m", kinds=["sil"], naming="parent")
    assert sorted(path.name for path in (tmp_path / "m" / "train").iterdir()) == [
        "001_A_cropped_rgb001_sil.png",
        "002_A_cropped_rgb001_sil.png",
    ]
    found = MaskFolder(tmp_path / "m", naming="parent").find(
        "rgb/train/002/A_cropped_rgb001.jpg", "sil"
    )
    assert found.name == "002_A_cropped_rgb001_sil.png"


def test_two_parsings_of_one_name_are_refused(tmp_path):
    for place in ("a_b/c.npy", "a/b_c.npy"):
        (tmp_path / "p" / place).parent.mkdir(parents=True)
        np.save(tmp_path / "p" / place, person())
    write_masks(tmp_path / "p", tmp_path / "m", kinds=["sil"])
    (tmp_path / "q" / "x" / "a").mkdir(parents=True)
    np.save(tmp_path / "q" / "x" / "a" / "b_c.npy", person())
    (tmp_path / "q" / "x" / "a_b").mkdir(parents=True)
    np.save(tmp_path / "q" / "x" / "a_b" / "c.npy", person())
    with pytest.raises(ValueError, match="would have one name: x/a_b_c"):
        write_masks(tmp_path / "q", tmp_path / "n", naming="parent")


def test_broken_parsings_are_all_named_or_listed(ltcc):
    for name in ("0", "1"):
        (ltcc / "parsings" / "train" / f"{name}.npy").write_bytes(b"broken")
    with pytest.raises(UnreadableImagesError) as caught:
        write_masks(ltcc / "parsings", ltcc / "masks")
    assert [path.name for path in caught.value.paths] == ["0.npy", "1.npy"]
    assert not (ltcc / "masks").exists()
    report = write_masks(ltcc / "parsings", ltcc / "masks", skip_unreadable=True)
    assert report.images == 3
    assert report.faulty("shirt") == ("0", "1")


def test_labels_are_preferred_to_logits(ltcc):
    other = np.full((40, 20), 13, np.uint8)
    Image.fromarray(other).save(ltcc / "parsings" / "train" / "000_1_c1_000001.png")
    write_masks(ltcc / "parsings", ltcc / "masks", kinds=["head"])
    head = MaskFolder(ltcc / "masks").read("train/000_1_c1_000001.png", "head")
    assert head.all()


def test_missing_folders_and_masks_are_named(tmp_path, ltcc):
    with pytest.raises(ValueError, match="there is none"):
        write_masks(tmp_path / "nowhere", tmp_path / "m")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="found none"):
        write_masks(tmp_path / "empty", tmp_path / "m")
    write_masks(ltcc / "parsings", ltcc / "masks", kinds=["sil"])
    with pytest.raises(
        ValueError, match=r"expected a mask 000_1_c1_000001_head\.png .* found none"
    ):
        MaskFolder(ltcc / "masks").find("train/000_1_c1_000001.png", "head")
    (tmp_path / "bad.png").write_bytes(b"")
    with pytest.raises(ValueError, match="expected a mask image"):
        read_mask(tmp_path / "bad.png")
