"""Processes that add to a gallery until they are killed, and say what was acknowledged.

Run as ``python writer.py``. For each line ``FOLDER SEED`` on the standard input it forks a process
(so that what takes seconds to import is imported once), which says its number, ``open`` when it
has the gallery open, and then the number of each batch when it was added.
"""

from __future__ import annotations

import os
import sys

import numpy as np
import pandas as pd

from reid_eval.gallery import Gallery

DIMENSION = 8


def rows_of(seed: int, batch: int) -> tuple[np.ndarray, pd.DataFrame]:
    """A batch whose rows say which batch and place they are of."""
    random = np.random.default_rng([seed, batch])
    count = int(random.integers(1, 60))
    features = random.standard_normal((count, DIMENSION)).astype(np.float32)
    names = [f"{seed}/{batch}/{row}/{count}" for row in range(count)]
    return features, pd.DataFrame({"path": names, "pid": batch, "camid": seed % 7})


def say(word: object) -> None:
    os.write(1, f"{word}\n".encode())


def write(folder: str, seed: int) -> None:
    with Gallery.open(folder, "write") as gallery:
        say("open")
        for batch in range(1_000_000):
            gallery.add(*rows_of(seed, batch))
            say(batch)


def main() -> None:
    import reid_eval.gallery.embedded  # noqa: F401

    for line in sys.stdin:
        folder, seed = line.rsplit(" ", 1)
        child = os.fork()
        if not child:
            say(os.getpid())
            write(folder, int(seed))
        os.waitpid(child, 0)
        say("end")


if __name__ == "__main__":
    main()
