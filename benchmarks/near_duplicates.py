"""Near duplicates among 100,000 perceptual hashes: seconds, and agreement with comparing all.

    python benchmarks/near_duplicates.py [--scale small] [--rounds 5] [--distance 6] [--out FILE]

The hashes are as unevenly spread as those of people's crops: drawn around 500 centres, from which
a sixth of the bits differ, plus copies with up to `distance` bits changed. The opponent compares
all pairs, row by row with NumPy; it runs on at most 20,000 hashes, where the ratio is measured,
and its time for all is scaled by the square.
"""

from __future__ import annotations

import time
from functools import partial
from statistics import median

import numpy as np
import numpy.typing as npt
from _report import arguments, machine, ratio, save, show, spent, turns
from opponents.all_pairs import all_pairs

from reid_data.audit.duplicates import near_pairs

Hashes = npt.NDArray[np.uint64]
IMAGES, CENTRES, SPREAD, COPIES = 100_000, 500, 1 / 6, 0.02
MOST_FOR_ALL_PAIRS = 20_000
MOST_SECONDS = 180.0


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


def ours(hashes: Hashes, distance: int) -> npt.NDArray[np.int64]:
    return near_pairs(hashes, max_distance=distance)[0]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--distance", type=int, default=6)
    options = parser.parse_args()
    hashes = make_hashes(max(round(IMAGES * options.scale), 100), options.distance)
    some = hashes[:MOST_FOR_ALL_PAIRS]
    equal = np.array_equal(ours(some, options.distance), all_pairs(some, options.distance))
    seconds = turns(
        {
            "ours": partial(ours, some, options.distance),
            "theirs": partial(all_pairs, some, options.distance),
        },
        options.rounds,
    )
    wall = time.perf_counter()
    whole = spent(partial(ours, hashes, options.distance))
    wall = time.perf_counter() - wall
    scaled = median(seconds["theirs"]) * (len(hashes) / len(some)) ** 2
    rows = [
        {"by": "reid-data", f"{len(some):,}": median(seconds["ours"]), f"{len(hashes):,}": whole},
        {
            "by": "all pairs",
            f"{len(some):,}": median(seconds["theirs"]),
            f"{len(hashes):,}": scaled,
        },
    ]
    faster = ratio(seconds["theirs"], seconds["ours"])
    show("Near duplicates: seconds of processor time (all pairs: scaled)", rows)
    results = {
        "hashes": len(hashes),
        "wall seconds": wall,
        "promised, at most": MOST_SECONDS,
        f"faster than all pairs among {len(some)}": faster,
        "same pairs": bool(equal),
    }
    show("", [results])
    save(options.out, {"machine": machine("numpy"), **results, "rows": rows})


if __name__ == "__main__":
    main()
