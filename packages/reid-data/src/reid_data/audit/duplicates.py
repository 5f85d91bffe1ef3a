"""Pictures that are the same, and pictures that are nearly the same.

Near ones are found by multi-index hashing (Norouzi et al., Fast Search in Hamming Space with
Multi-Index Hashing, CVPR 2012): two hashes that differ in at most r bits agree in at least one of
r + 1 parts, so only hashes that share a part are compared.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from reid_data.audit.hashes import Hashes
from reid_data.images import Pixels
from reid_data.records import Ids

__all__ = ["correlations", "equal_pairs", "near_pairs"]

_BITS = 64
_BLOCK = 1 << 21  # candidate pairs compared at once: 16 MB an array


def near_pairs(
    hashes: Hashes, *, max_distance: int = 6, groups: Ids | None = None, limit: int | None = None
) -> tuple[Ids, npt.NDArray[np.int64]]:
    """All pairs of 64-bit hashes that differ in at most `max_distance` bits.

    Args:
        hashes: ``(N,)`` uint64.
        max_distance: bits that may differ, 0 to 16.
        groups: ``(N,)``; pairs within one group are not wanted. None wants all.
        limit: stop when so many pairs are found, as when all pictures look the same; some more may
            come back. None never stops.

    Returns:
        Pairs ``(M, 2)`` of positions, smaller one first and in ascending order, and their
        distances ``(M,)``.

    Raises:
        ValueError: the distance is out of range, or the lengths differ.

    Examples:
        >>> pairs, distances = near_pairs(np.array([0b1111, 0b1110, 0b0000], np.uint64))
        >>> near_pairs(np.array([0, 1, 7], np.uint64), max_distance=1)[0].tolist()
        [[0, 1]]
    """
    if not 0 <= max_distance <= 16:
        raise ValueError(f"max_distance must be 0 to 16 of the 64 bits, came {max_distance}")
    if groups is not None and len(groups) != len(hashes):
        raise ValueError(f"expected a group for each of {len(hashes)} hashes, came {len(groups)}")
    apart = np.arange(len(hashes)) if groups is None else np.asarray(groups)
    found: list[Ids] = []
    count = 0
    for first, second in _candidates(hashes, apart, max_distance + 1):
        wanted = _popcount(hashes[first] ^ hashes[second]) <= max_distance
        if wanted.any():
            found.append(np.sort(np.stack([first[wanted], second[wanted]], axis=1), axis=1))
            count += len(found[-1])
        if limit is not None and count >= limit:
            break
    # A pair that agrees in several parts was found as often.
    pairs = np.unique(np.concatenate(found), axis=0) if found else np.empty((0, 2), np.int64)
    distances = _popcount(hashes[pairs[:, 0]] ^ hashes[pairs[:, 1]])
    return pairs, distances.astype(np.int64)


def equal_pairs(digests: Hashes, *, groups: Ids) -> Ids:
    """Pairs ``(M, 2)`` of equal fingerprints in different groups, each paired with one other.

    Of a set of equal pictures, the first one of each group is paired with the first one of the
    set, so that a thousand copies make a thousand pairs and not half a million.
    """
    order = np.lexsort((np.arange(len(digests)), groups, digests))
    sets = digests[order]
    first_of_group = np.ones(len(order), dtype=bool)
    first_of_group[1:] = (sets[1:] != sets[:-1]) | (groups[order][1:] != groups[order][:-1])
    order = order[first_of_group]
    starts = np.searchsorted(digests[order], digests[order])
    heads = order[starts]
    others = heads != order
    pairs = np.sort(np.stack([heads[others], order[others]], axis=1), axis=1)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def correlations(thumbnails: Pixels, pairs: Ids) -> npt.NDArray[np.float32]:
    """How alike the tiny colour pictures of each pair are: correlation -1 .. 1, ``(M,)``.

    Blank pictures correlate with nothing: 0.
    """
    flat = thumbnails.reshape(len(thumbnails), -1)
    alike = np.zeros(len(pairs), dtype=np.float32)
    for start in range(0, len(pairs), 1 << 16):
        block = pairs[start : start + (1 << 16)]
        first, second = (_centred(flat[block[:, side]]) for side in (0, 1))
        norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
        products = np.einsum("nd,nd->n", first, second)
        alike[start : start + len(block)] = np.divide(
            products, norms, out=np.zeros_like(products), where=norms > 0
        )
    return alike


def _centred(values: Pixels) -> npt.NDArray[np.float32]:
    numbers = values.astype(np.float32)
    numbers -= numbers.mean(axis=1, keepdims=True)
    return numbers


def _candidates(hashes: Hashes, groups: Ids, parts: int) -> Iterator[tuple[Ids, Ids]]:
    for keys in _parts(hashes, parts):
        yield from _sharing(keys, groups)


def _parts(hashes: Hashes, count: int) -> Iterator[Hashes]:
    """The hashes cut into parts of interleaved bits.

    Neighbouring frequencies say the same more often than distant ones, so a part takes every
    `count`-th bit: its values are spread more evenly, and fewer hashes share one.
    """
    for part in range(count):
        key = np.zeros_like(hashes)
        for bit in range(part, _BITS, count):
            key = (key << np.uint64(1)) | ((hashes >> np.uint64(bit)) & np.uint64(1))
        yield key


def _sharing(keys: Hashes, groups: Ids) -> Iterator[tuple[Ids, Ids]]:
    """Positions of all pairs with equal keys and different groups, in blocks."""
    order = np.lexsort((groups, keys))
    ordered, own = keys[order], groups[order]
    places = np.arange(len(order))
    ends = np.searchsorted(ordered, ordered, side="right")
    # Each is paired with those of its key that come after its own group.
    breaks = np.ones(len(order), dtype=bool)
    breaks[1:] = (ordered[1:] != ordered[:-1]) | (own[1:] != own[:-1])
    runs = np.append(np.flatnonzero(breaks), len(order))
    after = runs[np.searchsorted(runs, places, side="right")]
    partners = ends - after
    totals = np.cumsum(partners)
    start = 0
    while start < len(order):
        before = totals[start - 1] if start else 0
        stop = max(int(np.searchsorted(totals, before + _BLOCK, side="right")), start + 1)
        counts = partners[start:stop]
        if counts.any():
            within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
            first = np.repeat(places[start:stop], counts)
            yield order[first], order[np.repeat(after[start:stop], counts) + within]
        start = stop


def _popcount(values: Hashes) -> npt.NDArray[np.uint8]:
    """Bits that are set in each of ``(N,)`` 64-bit values."""
    if hasattr(np, "bitwise_count"):
        return np.asarray(np.bitwise_count(values), dtype=np.uint8)
    halves = np.ascontiguousarray(values).view(np.uint16).reshape(-1, 4)
    return np.asarray(_BITS_SET[halves].sum(axis=1), dtype=np.uint8)


_BITS_SET = np.unpackbits(
    np.arange(1 << 16, dtype=">u2").view(np.uint8).reshape(-1, 2), axis=1
).sum(axis=1, dtype=np.uint8)
