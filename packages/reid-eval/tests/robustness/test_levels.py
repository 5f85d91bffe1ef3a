"""Levels make images worse, and by what they say."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from reid_data.images import Pixels
from reid_eval.robustness import Level, parse_levels


@pytest.fixture
def picture() -> Pixels:
    """Stripes, edges and grain: detail at every scale."""
    generator = np.random.default_rng(0)
    rows, columns = np.mgrid[:128, :64]
    waves = 60 * np.sin(rows / 2) + 50 * np.sign(np.sin(columns / 5))
    grain = generator.normal(0, 15, (128, 64, 3))
    return (128 + waves[..., None] + grain).clip(0, 255).astype(np.uint8)


def sharpness(image: Pixels) -> float:
    """Mean squared difference of neighbours."""
    values = image.astype(float)
    return float(np.mean(np.diff(values, axis=0) ** 2) + np.mean(np.diff(values, axis=1) ** 2))


@pytest.mark.parametrize(
    ("kind", "amounts"),
    [
        ("lowres", (1.5, 2, 4, 8)),
        ("blur", (0.5, 1, 2, 4)),
        ("defocus", (1, 2, 4)),
        ("motion", (3, 9)),
    ],
)
def test_the_higher_the_level_the_less_sharp(
    picture: Pixels, kind: str, amounts: tuple[float, ...]
) -> None:
    images = [Level(kind, amount)(picture, "a.jpg") for amount in amounts]  # type: ignore[arg-type]
    values = [sharpness(image) for image in (picture, *images)]
    assert all(later < 0.9 * earlier for earlier, later in pairwise(values))
    assert {image.shape for image in images} == {picture.shape}


def test_noise_and_jpeg_move_further_from_the_image(picture: Pixels) -> None:
    def error(level: Level) -> float:
        return float(np.mean((level(picture, "a.jpg").astype(float) - picture) ** 2))

    grey = np.full((64, 64, 3), 128, np.uint8)
    assert Level("noise", 10)(grey, "a").astype(float).std() == pytest.approx(10, rel=0.05)
    assert error(Level("noise", 5)) < error(Level("noise", 20))
    assert error(Level("jpeg", 90)) < error(Level("jpeg", 30)) < error(Level("jpeg", 5))


@pytest.mark.parametrize("level", [Level("noise", 20, 3), Level("motion", 9, 3)])
def test_chance_depends_on_seed_and_path_only(picture: Pixels, level: Level) -> None:
    first = level(picture, "a.jpg")
    assert (first == level(picture, "a.jpg")).all()
    assert (first != level(picture, "b.jpg")).any()
    assert (first != Level(level.kind, level.amount, 4)(picture, "a.jpg")).any()
    assert not np.shares_memory(first, picture)


def test_levels_as_they_are_typed() -> None:
    levels = parse_levels(["lowres:2,4.5", "blur:1 jpeg:30"], seed=7)
    assert [level.name for level in levels] == ["lowres 2", "lowres 4.5", "blur 1", "jpeg 30"]
    assert {level.seed for level in levels} == {7}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lowres", "expected KIND:AMOUNT"),
        ("lowres:", "expected KIND:AMOUNT"),
        ("lowres:two", "expected KIND:AMOUNT"),
        ("rain:2", "a degradation of lowres, blur"),
        ("lowres:0.5", "lowres takes 1 to 64"),
        ("jpeg:96", "jpeg takes 1 to 95"),
        ("blur:nan", "blur takes"),
        ("blur:1,1.0", "'blur 1' is asked for twice"),
        ("mixture:1", "mixture takes 2 to 64"),
        ("mixture:rain", "expected KIND:AMOUNT"),
        ("blur:ltcc", "expected KIND:AMOUNT"),
    ],
)
def test_what_is_no_level_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_levels([text])


def spectrum(image: Pixels) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Energy of the grey image by frequency, and the frequencies in cycles a pixel (down, across).

    The image is periodic here, so that a blur multiplies its spectrum and nothing leaks.
    """
    energy = np.abs(np.fft.fft2(image.astype(float).mean(axis=2))) ** 2
    down, across = np.meshgrid(*(np.fft.fftfreq(n) for n in energy.shape), indexing="ij")
    return energy, down, across


@pytest.fixture
def noise() -> Pixels:
    """All frequencies alike."""
    grain = np.random.default_rng(1).normal(128, 20, (128, 64, 1)).clip(0, 255)
    return grain.astype(np.uint8).repeat(3, axis=2)


def kept(noise: Pixels, image: Pixels, where: np.ndarray) -> float:
    """The share of the energy that is left at some frequencies."""
    return float(spectrum(image)[0][where].sum() / spectrum(noise)[0][where].sum())


@pytest.mark.parametrize("factor", [2, 4])
def test_low_resolution_has_no_frequency_beyond_its_own_nyquist(noise: Pixels, factor: int) -> None:
    _, down, across = spectrum(noise)
    image = Level("lowres", factor)(noise, "a.jpg")
    limit = 0.5 / factor
    beyond = (np.abs(down) > 1.6 * limit) | (np.abs(across) > 1.6 * limit)
    within = (np.hypot(down, across) < 0.5 * limit) & (np.hypot(down, across) > 0)
    assert kept(noise, image, beyond) < 0.03
    assert kept(noise, image, within) > 0.7


def test_motion_takes_what_varies_along_it_and_leaves_what_varies_across_it(noise: Pixels) -> None:
    _, down, across = spectrum(noise)
    steep = np.hypot(down, across) > 0.15
    for path in ("a.jpg", "b.jpg", "c.jpg", "d.jpg"):
        image = Level("motion", 9)(noise, path)
        along = {
            angle: kept(
                noise,
                image,
                steep
                & (
                    np.abs(across * np.cos(np.deg2rad(angle)) - down * np.sin(np.deg2rad(angle)))
                    > 0.95 * np.hypot(down, across)
                ),
            )
            for angle in range(0, 180, 15)
        }
        direction = min(along, key=along.__getitem__)
        assert along[direction] < 0.1
        assert along[(direction + 90) % 180] > 4 * along[direction]


def test_defocus_leaves_the_transfer_of_a_disc(noise: Pixels) -> None:
    from scipy.special import j1

    radius = 3.0
    _, down, across = spectrum(noise)
    frequency = np.hypot(down, across)
    image = Level("defocus", radius)(noise, "a.jpg")
    zero = 1.2197 / (2 * radius)
    for middle in (0.05, 0.1, zero):
        ring = np.abs(frequency - middle) < 0.012
        argument = 2 * np.pi * radius * frequency[ring]
        expected = float(np.mean((2 * j1(argument) / argument) ** 2))
        assert kept(noise, image, ring) == pytest.approx(expected, abs=0.08)


def test_every_image_of_a_mixture_gets_one_kind(picture: Pixels) -> None:
    paths = [f"{number}.jpg" for number in range(60)]
    mixed = Level("mixture", 6, seed=2)
    pure = {
        "lowres": Level("lowres", 6)(picture, "a"),
        "defocus": Level("defocus", 3)(picture, "a"),
    }
    counts = {"lowres": 0, "defocus": 0, "motion": 0}
    for path in paths:
        image = mixed(picture, path)
        assert sharpness(image) < 0.6 * sharpness(picture)
        counts[next((k for k, one in pure.items() if (one == image).all()), "motion")] += 1
    assert min(counts.values()) >= 10
    assert (mixed(picture, "0.jpg") == Level("mixture", 6, seed=2)(picture, "0.jpg")).all()


@pytest.mark.parametrize("name", ["ltcc", "prcc", "plain", "all"])
def test_published_mixtures_go_by_their_names(picture: Pixels, name: str) -> None:
    (level,) = parse_levels([f"mixture:{name}"], seed=1)
    assert level.name == f"mixture {name}"
    changed = [(level(picture, f"{n}.jpg") != picture).any() for n in range(12)]
    # The published pixelation keeps 16 to 63 of these 64 pixels; its Gaussian may be as narrow.
    assert np.mean(changed) > 0.8


@pytest.mark.parametrize("kind", ["lowres", "mixture"])
def test_other_names_are_no_amounts(kind: str) -> None:
    with pytest.raises(
        ValueError, match=f"{kind} takes .* got {'rain' if kind == 'mixture' else 'ltcc'}"
    ):
        Level(kind, "rain" if kind == "mixture" else "ltcc")  # type: ignore[arg-type]
