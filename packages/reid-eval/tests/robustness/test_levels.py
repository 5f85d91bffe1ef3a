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
    ],
)
def test_what_is_no_level_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_levels([text])
