"""Near duplicates among 100,000 perceptual hashes: seconds, and agreement with comparing all.

    python benchmarks/near_duplicates.py [--images 100000] [--distance 6]

The hashes are as unevenly spread as those of people's crops: drawn around 500 centres, from which
a sixth of the bits differ, plus copies with up to `distance` bits changed. The opponent compares
all pairs in blocks of NumPy, as one does before one looks for something better; it runs on at most
20,000 hashes, and its time is scaled by the square.
"""

from __future__ import annotations

import argparse
import platform
import time

import numpy as np
import numpy.typing as npt

from reid_data.audit.duplicates import near_pairs

Hashes = npt.NDArray[np.uint64]
CENTRES, SPREAD, COPIES = 500, 1 / 6, 0.02
MOST_FOR_ALL_PAIRS = 20_000


def make_hashes(images: int, distance: int) -> Hashes:
    """Hashes of made-up crops, some of them copies of others."""
    generator = np.random.default_rng(0)
    centres = generator.integers(0, 2**64, CENTRES, dtype=np.uint64)
    noise = np.packbits(generator.random((images, 64)) < SPREAD, axis=1).view(np.uint64).ravel()
    hashes = generator.choice(centres, images) ^ noise
    copies = round(COPIES * images)
    bits = generator.integers(0, 64, (copies, distance)).astype(np.uint64)
    changes = np.bitwise_or.reduce(np.uint64(1) << bits, axis=1)
    hashes[-copies:] = hashes[:copies] ^ changes
    return np.asarray(generator.permutation(hashes), dtype=np.uint64)


def all_pairs(hashes: Hashes, distance: int) -> npt.NDArray[np.int64]:
    """The opponent: every hash with every later one."""
    found = []
    for first, value in enumerate(hashes):
        near = np.bitwise_count(hashes[first + 1 :] ^ value) <= distance
        later = np.flatnonzero(near) + first + 1
        found.append(np.stack([np.full(len(later), first), later], axis=1))
    return np.concatenate(found).astype(np.int64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--distance", type=int, default=6)
    given = parser.parse_args()
    hashes = make_hashes(given.images, given.distance)

    wall, cpu = time.perf_counter(), time.process_time()
    pairs, _ = near_pairs(hashes, max_distance=given.distance)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu

    some = hashes[:MOST_FOR_ALL_PAIRS]
    ours_cpu = time.process_time()
    ours, _ = near_pairs(some, max_distance=given.distance)
    ours_cpu = time.process_time() - ours_cpu
    theirs_cpu = time.process_time()
    theirs = all_pairs(some, given.distance)
    theirs_cpu = time.process_time() - theirs_cpu

    print(f"{platform.processor() or platform.machine()}, numpy {np.__version__}, one thread")
    print(f"{given.images:,} hashes, {given.distance} bits: {len(pairs):,} pairs")
    print(f"  multi-index hashing {wall:8.2f} s ({cpu:.2f} s of CPU)")
    whole = theirs_cpu * (given.images / len(some)) ** 2
    print(f"  all pairs           {whole:8.2f} s of CPU, scaled from {len(some):,}")
    print(
        f"{len(some):,} hashes: {ours_cpu:.2f} s against {theirs_cpu:.2f} s of CPU, ratio "
        f"{theirs_cpu / ours_cpu:.1f}, same pairs: {np.array_equal(ours, theirs)}"
    )


if __name__ == "__main__":
    main()
