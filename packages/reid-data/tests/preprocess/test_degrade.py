from __future__ import annotations

import csv
import io
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from reid_data.images import read_image
from reid_data.preprocess.blur_kernels import (
    defocus_kernel,
    gaussian_kernel,
    motion_kernel,
    pad_kernel,
)
from reid_data.preprocess.damages import DAMAGE_KINDS, MIXTURES, Damage, Mixture, parse_mixture
from reid_data.preprocess.degrade import blur, degrade_image, write_degraded

KERNELS = [
    *(motion_kernel(length, angle=angle) for length in (1, 8, 19) for angle in (0, 33, 90, 179)),
    *(defocus_kernel(radius) for radius in (0, 0.4, 0.6, 1, 2.5, 7)),
    *(gaussian_kernel(size, sigma=sigma) for size in (1, 5, 21) for sigma in (0.1, 2)),
]


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernels_are_odd_normalised_and_centred(kernel):
    assert kernel.shape[0] == kernel.shape[1]
    assert len(kernel) % 2 == 1
    assert kernel.min() >= 0
    assert kernel.sum() == pytest.approx(1)
    assert np.allclose(kernel, kernel[::-1, ::-1])


def test_motion_is_a_line_of_its_length_in_its_direction():
    line = motion_kernel(9, angle=0)
    assert np.allclose(line[len(line) // 2], 1 / 9)
    assert np.allclose(motion_kernel(9, angle=90), line.T)
    offsets = np.arange(-5, 6)
    for angle in (20, 45, 110):
        kernel = pad_kernel(motion_kernel(9, angle=angle), size=11)
        rows = (kernel * offsets[:, None] ** 2).sum()
        columns = (kernel * offsets[None] ** 2).sum()
        mixed = (kernel * offsets[:, None] * offsets[None]).sum()
        # The main axis of its moments; rows count downwards.
        axis = np.rad2deg(0.5 * np.arctan2(-2 * mixed, columns - rows)) % 180
        assert axis == pytest.approx(angle, abs=4)
        # Nine points one apart spread by 60 / 9, the sharing of pixels adds less than a half.
        assert rows + columns == pytest.approx(60 / 9, abs=0.5)


def test_a_defocus_is_a_disc_of_its_area():
    disc = defocus_kernel(6)
    assert 1 / disc.max() == pytest.approx(np.pi * 36, rel=0.02)
    assert disc[0, 0] == 0
    inner = np.hypot(*np.mgrid[-6:7, -6:7]) < 5
    assert np.ptp(disc[inner]) == pytest.approx(0)


def test_a_gaussian_has_its_sigma():
    kernel = gaussian_kernel(21, sigma=2)
    offsets = np.arange(-10, 11)
    assert (kernel.sum(axis=1) * offsets**2).sum() == pytest.approx(4, rel=1e-3)


@pytest.mark.parametrize(
    "bad",
    [
        lambda: motion_kernel(0.5, angle=0),
        lambda: defocus_kernel(-1),
        lambda: gaussian_kernel(4, sigma=1),
        lambda: gaussian_kernel(5, sigma=0),
    ],
)
def test_impossible_kernels_are_refused(bad):
    with pytest.raises(ValueError, match=r"must be|needs"):
        bad()


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("size", [(40, 20), (3, 2)])
def test_blur_is_convolution_with_repeated_borders(kernel, size, make_picture):
    image = make_picture(*size)
    expected = ndimage.convolve(image.astype(float), kernel[..., None], mode="nearest")
    assert abs(blur(image, kernel) - expected).max() <= 0.5 + 1e-6


def test_pixelation_keeps_its_short_side_and_no_more(make_picture):
    image = make_picture(120, 60)
    result = degrade_image(image, Damage("pixelation", 20))
    small = Image.fromarray(image).resize((20, 40), Image.Resampling.BICUBIC)
    expected = np.asarray(small.resize((60, 120), Image.Resampling.BICUBIC))
    assert (result == expected).all()
    # Beyond a third of the frequencies nothing is left of noise.
    noise = np.random.default_rng(0).integers(0, 256, (120, 60, 3), dtype=np.uint8)
    spectrum = abs(np.fft.fft2(degrade_image(noise, Damage("pixelation", 20)), axes=(0, 1)))
    assert spectrum[60 - 10 : 60 + 10, 30 - 5 : 30 + 5].mean() < 0.1 * spectrum[1:15, 1:8].mean()
    assert (degrade_image(image, Damage("pixelation", 60)) == image).all()
    assert (degrade_image(image, Damage("pixelation", 63)) == image).all()


def test_noise_has_its_sigma_and_its_seed():
    image = np.full((100, 50, 3), 128, np.uint8)
    first = degrade_image(image, Damage("noise", 10, seed=1))
    assert first.std() == pytest.approx(10, rel=0.05)
    assert first.mean() == pytest.approx(128, abs=0.5)
    assert (first == degrade_image(image, Damage("noise", 10, seed=1))).all()
    assert (first != degrade_image(image, Damage("noise", 10, seed=2))).any()


def test_jpeg_is_the_codec(make_picture):
    image = make_picture(64, 32)
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=12)
    assert (degrade_image(image, Damage("jpeg", 12)) == np.asarray(Image.open(buffer))).all()


@pytest.mark.parametrize("kind", DAMAGE_KINDS)
@given(seed=st.integers(0, 1000), height=st.integers(1, 70), width=st.integers(1, 70))
def test_any_image_keeps_its_size_and_is_not_touched(kind, seed, height, width):
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    kept = image.copy()
    damage = Mixture({kind: 1}).draw(np.random.default_rng(seed))
    result = degrade_image(image, damage)
    assert result.shape == image.shape
    assert result.dtype == np.uint8
    assert not np.shares_memory(result, image)
    assert (image == kept).all()


def test_a_mixture_draws_by_weight_and_within_bounds():
    mixture = Mixture({"pixelation": 2, "motion": 1, "gaussian": 1, "jpeg": 0})
    damages = mixture.draw_each(range(4000), seed=3)
    counts = {kind: sum(damage.kind == kind for damage in damages) for kind in DAMAGE_KINDS}
    assert counts["jpeg"] == counts["none"] == counts["noise"] == counts["defocus"] == 0
    assert counts["pixelation"] == pytest.approx(2000, abs=150)
    assert counts["motion"] == pytest.approx(1000, abs=120)
    sides = {damage.amount for damage in damages if damage.kind == "pixelation"}
    assert sides == set(range(16, 64))
    lengths = {damage.amount for damage in damages if damage.kind == "motion"}
    assert lengths == set(range(8, 20))
    angles = {damage.angle for damage in damages if damage.kind == "motion"}
    assert min(angles) == 0
    assert max(angles) == 179
    sizes = {damage.size for damage in damages if damage.kind == "gaussian"}
    assert sizes == set(range(5, 22, 2))


def test_damage_depends_on_the_seed_and_the_name_only():
    mixture = MIXTURES["all"]
    whole = mixture.draw_each(["a", "b", "c"], seed=1)
    assert mixture.draw_each(["c", "a"], seed=1) == [whole[2], whole[0]]
    names = [str(number) for number in range(20)]
    assert mixture.draw_each(names, seed=2) != mixture.draw_each(names, seed=1)
    assert pickle.loads(pickle.dumps(mixture)) == mixture


def test_published_mixtures():
    assert MIXTURES["ltcc"].weights == {"pixelation": 0.33, "motion": 0.30, "gaussian": 0.37}
    assert MIXTURES["prcc"].weights == {"pixelation": 0.5, "gaussian": 0.5}
    assert set(MIXTURES["all"].weights) == set(DAMAGE_KINDS) - {"none"}
    assert parse_mixture("ltcc") is MIXTURES["ltcc"]
    assert parse_mixture("jpeg=1, none = 3").weights == {"jpeg": 1, "none": 3}


@pytest.mark.parametrize("text", ["", "fog", "fog=1", "jpeg", "jpeg=x", "jpeg=0", "jpeg=-1,none=2"])
def test_impossible_mixtures_are_refused(text):
    with pytest.raises(ValueError, match=r"mixture is one of|damage is one of|weights must be"):
        parse_mixture(text)


def test_an_empty_range_is_refused():
    with pytest.raises(ValueError, match="short_side is a range"):
        Mixture({"pixelation": 1}, short_side=(63, 16))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_degraded_copy_says_what_was_done(tmp_path, make_records, workers):
    names = [f"train/{number:03d}.png" for number in range(12)]
    records = make_records(tmp_path / "set", names, size=(60, 30))
    mixture = MIXTURES["all"]
    done = write_degraded(records, tmp_path / "low", mixture=mixture, seed=5, workers=workers)
    assert done.images == 12
    with (tmp_path / "low" / "damages.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == names
    damages = mixture.draw_each(names, seed=5)
    for row, name, damage in zip(rows, names, damages, strict=True):
        assert row["kind"] == damage.kind
        expected = degrade_image(read_image(tmp_path / "set" / name), damage)
        assert (read_image(tmp_path / "low" / name) == expected).all()
    part = write_degraded(records.take([7]), tmp_path / "part", mixture=mixture, seed=5)
    assert part.images == 1
    same = read_image(tmp_path / "part" / names[7]) == read_image(tmp_path / "low" / names[7])
    assert same.all()
