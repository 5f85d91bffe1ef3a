"""Near pairs against brute force, exact pairs, and what a picture's fingerprints survive."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from reid_data.audit.duplicates import correlations, equal_pairs, near_pairs
from reid_data.audit.hashes import look_at


def brute_force(hashes: list[int], distance: int, groups: list[int]) -> list[tuple[int, int, int]]:
    return [
        (i, j, (hashes[i] ^ hashes[j]).bit_count())
        for i in range(len(hashes))
        for j in range(i + 1, len(hashes))
        if (hashes[i] ^ hashes[j]).bit_count() <= distance and groups[i] != groups[j]
    ]


def flip_bits(value: int, bits: list[int]) -> int:
    for bit in bits:
        value ^= 1 << bit
    return value


@settings(deadline=None)
@given(
    seeds=st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=6),
    children=st.lists(
        st.tuples(st.integers(0, 5), st.lists(st.integers(0, 63), max_size=9)), max_size=25
    ),
    distance=st.integers(0, 16),
    data=st.data(),
)
def test_near_pairs_are_those_of_brute_force(
    seeds: list[int], children: list[tuple[int, list[int]]], distance: int, data: st.DataObject
) -> None:
    hashes = seeds + [flip_bits(seeds[at % len(seeds)], bits) for at, bits in children]
    size = len(hashes)
    groups = data.draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    pairs, distances = near_pairs(
        np.array(hashes, np.uint64), max_distance=distance, groups=np.array(groups)
    )
    found = [(*pair, far) for pair, far in zip(pairs.tolist(), distances.tolist(), strict=True)]
    assert found == brute_force(hashes, distance, groups)


def test_many_hashes_cross_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reid_data.audit.duplicates._BLOCK", 64)
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**64, 500, dtype=np.uint64)
    hashes[250:] = hashes[:250] ^ (np.uint64(1) << rng.integers(0, 64, 250).astype(np.uint64))
    hashes[:40] = hashes[0]  # a bucket larger than a block
    pairs, distances = near_pairs(hashes, max_distance=3)
    expected = brute_force([int(value) for value in hashes], 3, list(range(500)))
    assert len(expected) > 900
    assert [(*p, d) for p, d in zip(pairs.tolist(), distances.tolist(), strict=True)] == expected


def test_one_crowded_group_costs_nothing_and_a_limit_ends_the_rest() -> None:
    hashes = np.full(40_000, 5, np.uint64)
    groups = np.zeros(40_000, np.int64)
    groups[-1] = 1
    # All within one group would be 800 million pairs.
    assert len(near_pairs(hashes[:-1], groups=groups[:-1])[0]) == 0
    assert len(near_pairs(hashes, max_distance=0, groups=groups)[0]) == 39_999
    found = near_pairs(hashes, max_distance=0, limit=1000)[0]
    assert 1000 <= len(found) < 3_000_000


def test_bits_are_counted_without_numpy_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(np, "bitwise_count", raising=False)
    hashes = np.array([0, 2**64 - 1, 0b101 << 40, 1], np.uint64)
    assert near_pairs(hashes, max_distance=3)[1].tolist() == [2, 1, 3]


@pytest.mark.parametrize("distance", [-1, 17])
def test_a_distance_out_of_range_is_refused(distance: int) -> None:
    with pytest.raises(ValueError, match="max_distance must be 0 to 16"):
        near_pairs(np.zeros(2, np.uint64), max_distance=distance)


def test_groups_must_fit() -> None:
    with pytest.raises(ValueError, match="a group for each of 2 hashes, came 3"):
        near_pairs(np.zeros(2, np.uint64), groups=np.arange(3))


def test_a_thousand_copies_make_no_half_million_pairs() -> None:
    digests = np.full(1000, 7, np.uint64)
    pairs = equal_pairs(digests, groups=np.arange(1000) // 2)
    assert pairs[:3].tolist() == [[0, 2], [0, 4], [0, 6]]
    assert len(pairs) == 499
    assert len(equal_pairs(np.arange(9, dtype=np.uint64), groups=np.arange(9))) == 0


def person(seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 6, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((64, 128), Image.Resampling.BICUBIC))


def as_jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream))


@pytest.mark.parametrize(
    "change",
    [
        lambda image: as_jpeg(image, 40),
        lambda image: np.asarray(Image.fromarray(image).resize((48, 96))),
        lambda image: image[1:, 1:],
        lambda image: (image * 0.8 + 20).astype(np.uint8),
    ],
    ids=["encoded", "resized", "cut", "darker"],
)
def test_near_duplicates_have_near_fingerprints(change: object) -> None:
    for seed in range(8):
        original, changed = look_at(person(seed)), look_at(change(person(seed)))  # type: ignore[operator]
        assert (original.phash ^ changed.phash).bit_count() <= 6
        assert original.digest != changed.digest
        pictures = np.stack([original.thumbnail, changed.thumbnail])
        assert correlations(pictures, np.array([[0, 1]]))[0] > 0.95


def test_different_pictures_have_distant_fingerprints() -> None:
    hashes = [look_at(person(seed)).phash for seed in range(30)]
    far = [(a ^ b).bit_count() for at, a in enumerate(hashes) for b in hashes[:at]]
    assert min(far) > 12
    assert 28 < np.mean(far) < 36


def test_correlation_is_that_of_numpy_and_0_for_blank_pictures() -> None:
    pictures = np.stack([look_at(person(seed)).thumbnail for seed in range(3)])
    pictures[2] = 9
    alike = correlations(pictures, np.array([[0, 1], [0, 2], [0, 0]]))
    expected = np.corrcoef(pictures[0].ravel(), pictures[1].ravel())[0, 1]
    np.testing.assert_allclose(alike, [expected, 0, 1], atol=1e-5)


def test_blur_and_size_are_measured() -> None:
    sharp = person(1)[::4, ::4]
    soft = np.asarray(Image.fromarray(sharp).resize((64, 128), Image.Resampling.BICUBIC))
    assert look_at(sharp).sharpness > 20 * look_at(soft).sharpness
    assert (look_at(soft).height, look_at(soft).width) == (128, 64)
    assert look_at(sharp[:2]).sharpness == 0
