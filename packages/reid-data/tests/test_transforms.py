"""Random transforms: what they do, and how often."""

from __future__ import annotations

import numpy as np
import pytest

from reid_data import Augmentation
from reid_data.transforms import Plan, sample_boxes

SIZE = (256, 128)
NOTHING = Plan(flip=False, shift=(0, 0), erase=(0, 0, 0, 0))


def image(size: tuple[int, int] = (12, 8)) -> np.ndarray:
    return np.random.default_rng(0).integers(1, 256, (*size, 3), dtype=np.uint8)


def test_no_plan_changes_nothing_and_returns_a_copy() -> None:
    before = image()
    after = Augmentation().apply(before, NOTHING)
    np.testing.assert_array_equal(after, before)
    assert not np.shares_memory(after, before)


@pytest.mark.parametrize("shift", [(0, 0), (3, -2), (-3, 2), (-1, -8), (12, 0), (40, 40)])
@pytest.mark.parametrize("flip", [False, True])
def test_moving_is_padding_and_cropping(flip: bool, shift: tuple[int, int]) -> None:
    source = image()
    plan = Plan(flip=flip, shift=shift, erase=(0, 0, 0, 0))
    pad = 50
    padded = np.pad(source[:, ::-1] if flip else source, ((pad, pad), (pad, pad), (0, 0)))
    top, left = pad - shift[0], pad - shift[1]
    expected = padded[top : top + 12, left : left + 8]
    np.testing.assert_array_equal(Augmentation().apply(source, plan), expected)


def test_erasing_fills_the_box_and_nothing_else() -> None:
    before = image()
    after = Augmentation().apply(before, Plan(flip=False, shift=(0, 0), erase=(2, 1, 4, 5)))
    inside = np.zeros((12, 8), dtype=bool)
    inside[2:6, 1:6] = True
    assert (after[inside] == (124, 116, 104)).all()
    np.testing.assert_array_equal(after[~inside], before[~inside])


def test_the_fill_is_zero_after_normalisation() -> None:
    mean = np.array([0.485, 0.456, 0.406])
    std = np.array([0.229, 0.224, 0.225])
    filled = (np.array(Augmentation().fill) / 255 - mean) / std
    assert np.abs(filled).max() < 0.01


def test_an_image_is_never_changed_in_place() -> None:
    before = image()
    kept = before.copy()
    generator = np.random.default_rng(0)
    for _ in range(50):
        Augmentation(flip=1, erase=1, pad=3)(before, generator)
    np.testing.assert_array_equal(before, kept)


def test_the_generator_decides() -> None:
    augmentation = Augmentation(pad=4)
    once, again, other = (
        [augmentation(image(), generator) for _ in range(10)]
        for generator in map(np.random.default_rng, (1, 1, 2))
    )
    np.testing.assert_array_equal(once, again)
    assert (np.array(once) != np.array(other)).any()


def test_plans_are_as_frequent_as_promised() -> None:
    augmentation = Augmentation(flip=0.3, pad=4, erase=0.7)
    plans = augmentation.plan(20000, SIZE, generator=np.random.default_rng(0))
    assert abs(np.mean([plan.flip for plan in plans]) - 0.3) < 0.015
    assert abs(np.mean([plan.erase[2] > 0 for plan in plans]) - 0.7) < 0.015
    shifts = np.array([plan.shift for plan in plans])
    for axis in (0, 1):
        values, counts = np.unique(shifts[:, axis], return_counts=True)
        assert values.tolist() == list(range(-4, 5))
        assert np.abs(counts / 20000 - 1 / 9).max() < 0.01
    assert abs(np.corrcoef(shifts.T)[0, 1]) < 0.03


def naive_box(generator: np.random.Generator) -> tuple[int, int, int, int]:
    """The published loop: draw until the box fits."""
    for _ in range(100):
        area = generator.uniform(0.02, 0.4) * SIZE[0] * SIZE[1]
        ratio = generator.uniform(0.3, 3.3)
        height, width = round((area * ratio) ** 0.5), round((area / ratio) ** 0.5)
        if height < SIZE[0] and width < SIZE[1]:
            top = generator.integers(0, SIZE[0] - height, endpoint=True)
            left = generator.integers(0, SIZE[1] - width, endpoint=True)
            return int(top), int(left), height, width
    raise AssertionError("no box fitted in 100 draws")


def test_boxes_are_distributed_as_in_the_published_loop() -> None:
    boxes = sample_boxes(
        20000, SIZE, area=(0.02, 0.4), ratio=(0.3, 3.3), generator=np.random.default_rng(0)
    )
    generator = np.random.default_rng(1)
    reference = np.array([naive_box(generator) for _ in range(20000)])

    def quantities(drawn: np.ndarray) -> np.ndarray:
        top, left, height, width = drawn.astype(float).T
        return np.stack(
            [
                height * width,
                height / width,
                top / (SIZE[0] - height),
                left / (SIZE[1] - width),
                height,
                width,
            ]
        )

    for ours, theirs in zip(quantities(boxes), quantities(reference), strict=True):
        grid = np.quantile(theirs, np.linspace(0, 1, 101))
        ranks = [np.searchsorted(np.sort(drawn), grid) / 20000 for drawn in (ours, theirs)]
        # Kolmogorov and Smirnov: two samples of this size differ by 0.0195 once in a thousand.
        assert np.abs(ranks[0] - ranks[1]).max() < 0.0195


def test_boxes_lie_within_their_ranges_and_the_image() -> None:
    boxes = sample_boxes(
        5000, SIZE, area=(0.02, 0.4), ratio=(0.3, 3.3), generator=np.random.default_rng(0)
    )
    top, left, height, width = boxes.T
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (top + height <= SIZE[0]).all()
    assert (left + width <= SIZE[1]).all()
    share = height * width / (SIZE[0] * SIZE[1])
    assert 0.018 < share.min() < 0.03
    assert 0.37 < share.max() < 0.41
    assert (height / width).min() > 0.29
    assert (height / width).max() < 3.5


def test_a_box_that_can_never_fit_is_none() -> None:
    boxes = sample_boxes(
        10, (10, 1000), area=(0.5, 0.5), ratio=(3.0, 3.0), generator=np.random.default_rng(0)
    )
    assert not boxes[:, 2:].any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"flip": 1.5}, "flip is a probability"),
        ({"erase": -0.1}, "erase is a probability"),
        ({"pad": -1}, "pad must be 0 or more pixels"),
        ({"erase_area": (0.4, 0.02)}, "erase_area is a range"),
        ({"erase_area": (0.0, 0.4)}, "erase_area is a range"),
        ({"erase_ratio": (3.0, 0.3)}, "erase_ratio is a range"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Augmentation(**options)  # type: ignore[arg-type]
