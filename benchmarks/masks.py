"""Masks from human parsings: beside the loops over pixels of published preparation scripts.

    python benchmarks/masks.py [--scale small] [--rounds 5] [--out FILE.json]

Both sides read the same logits (256x128, 20 classes, float32) of made-up people from disk and make
all seven kinds of mask, in one thread; the masks are compared. The opponents are two: the kinder
one lets NumPy find each pixel's class and loops over pixels only to compare it, the other one
loops over classes too and runs on few images.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from _report import arguments, machine, ratio, save, show, turns
from opponents import looped_masks

from reid_data.preprocess.masks import CLASSES, KINDS, PART_CLASSES, part_masks, read_parsing

IMAGES, FEWEST, SIZE = 64, 2, (256, 128)
PARTS = [PART_CLASSES[kind] for kind in KINDS]
LEAST = 50.0


def write_parsings(folder: Path, count: int) -> list[Path]:
    """Logits in blobs, as a parser gives them."""
    generator = np.random.default_rng(0)
    paths = []
    for number in range(count):
        coarse = generator.normal(size=(SIZE[0] // 8, SIZE[1] // 8, CLASSES)).astype(np.float32)
        logits = coarse.repeat(8, axis=0).repeat(8, axis=1)
        logits += generator.normal(scale=0.2, size=logits.shape).astype(np.float32)
        paths.append(folder / f"{number}.npy")
        np.save(paths[-1], logits)
    return paths


def ours(paths: Sequence[Path]) -> list[np.ndarray]:
    return [part_masks(read_parsing(path), KINDS) for path in paths]


def agrees(paths: Sequence[Path]) -> bool:
    made = ours(paths)
    return all(
        np.array_equal(one, other)
        for path, masks in zip(paths, made, strict=True)
        for opponent in (looped_masks.masks_of, looped_masks.argmax_masks_of)
        for one, other in zip(masks, opponent(path, PARTS), strict=True)
    )


def main() -> None:
    options = arguments(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as name:
        paths = write_parsings(Path(name), max(round(IMAGES * options.scale), FEWEST))
        few = paths[:FEWEST]
        equal = agrees(few)
        works: dict[str, tuple[Callable[[], object], int]] = {
            "reid-data": (partial(ours, paths), len(paths)),
            "loop over pixels": (
                lambda: [looped_masks.argmax_masks_of(path, PARTS) for path in few],
                len(few),
            ),
            "loop over pixels and classes": (
                lambda: [looped_masks.masks_of(path, PARTS) for path in few],
                len(few),
            ),
        }
        seconds = turns({name: work for name, (work, _) in works.items()}, options.rounds)
    each = {name: [value / count for value in seconds[name]] for name, (_, count) in works.items()}
    rows = [
        {
            "masks by": name,
            "images/s": 1 / median(values),
            "ours is faster by": ratio(values, each["reid-data"]),
        }
        for name, values in each.items()
    ]
    show(f"{len(KINDS)} masks an image of {SIZE[0]}x{SIZE[1]}; same masks: {equal}", rows)
    promised = {"at least": LEAST, "same masks": equal}
    save(options.out, {"machine": machine("numpy"), **promised, "results": rows})


if __name__ == "__main__":
    main()
